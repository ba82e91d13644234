using System.Collections.Immutable;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Lint;

/// <summary>A query as rules look at it. What several rules need is computed once, when first asked for.</summary>
internal sealed class LintSubject
{
    /// <summary>The number of closest peers that must have answered before a lookup may end, in go-libp2p and in the
    /// specification.</summary>
    public const int Beta = 3;

    /// <summary>The size of buckets and answers on the public DHT.</summary>
    public const int K = 20;

    /// <summary>A shorter wait is not worth a finding.</summary>
    public const long LeastWaitNs = 100_000_000;

    /// <summary>Nor is a smaller share of the duration.</summary>
    public const double LeastShare = 0.1;

    /// <summary>Implementations limit a dial or a request to 10 seconds or less; the rest is for clocks and for work of the node.</summary>
    public const long PeerLimitNs = 10_500_000_000;

    private readonly Lazy<KeyDistances> _distances;
    private readonly Lazy<ImmutableArray<PeerActivity>> _activities;
    private readonly Lazy<CriticalPath?> _path;
    private ImmutableArray<PeerAsk> _asks;
    private Candidates? _candidates;

    /// <summary>A query of which nothing was computed yet.</summary>
    public LintSubject(Query query)
    {
        Query = query;
        _distances = new(() => KeyDistances.Of(query));
        _activities = new(() => PeerActivity.Of(query));
        _path = new(() => CriticalPath.Of(query, Activities));
    }

    /// <summary>A query with what was computed of it.</summary>
    public LintSubject(Query query, ImmutableArray<PeerActivity> activities, CriticalPath? path)
    {
        Query = query;
        _distances = new(() => KeyDistances.Of(query));
        _activities = new(activities);
        _path = new(path);
    }

    public Query Query { get; }

    public KeyDistances Distances => _distances.Value;

    public ImmutableArray<PeerActivity> Activities => _activities.Value;

    /// <summary>The asks of the lookup, by start, its follow-up included.</summary>
    public ImmutableArray<PeerAsk> Asks => _asks.IsDefault ? _asks = PeerAsk.Of(Query, Activities) : _asks;

    /// <summary>The peers that the lookup could choose from.</summary>
    public Candidates Candidates => _candidates ??= new Candidates(this);

    /// <summary>The critical path; null when the end of the query is unknown.</summary>
    public CriticalPath? Path => _path.Value;

    /// <summary>Whether it looked for something and asked at least one peer.</summary>
    public bool IsLookup => Query.Type != QueryType.Ping && !Query.Skipped && Asks.Length > 0;

    /// <summary>When the lookup stopped choosing peers, as far as the trace shows it.</summary>
    public long StoppedNs =>
        Query.TerminatedNs ?? Asks.Where(static ask => ask.End != AskEnd.CutOff).Max(static ask => ask.TakenNs) ?? Query.DurationNs ?? 0;

    /// <summary>Whether a wait is long enough for a finding: 100 ms and a tenth of the duration.</summary>
    public bool IsWorthNaming(long waitNs) => waitNs >= LeastWaitNs && waitNs >= LeastShare * Query.DurationNs.GetValueOrDefault();

    /// <summary>
    /// Why the trace does not show which peers the lookup knew and how near they were; null when it does. Rules on convergence need it.
    /// </summary>
    public string? WhyPositionsAreUnknown()
    {
        if (Query.Key is null)
        {
            return "the trace does not hold the key";
        }

        if (Query.Missing.Spans > 0)
        {
            return "spans of this query were lost";
        }

        if (!Distances.Exact)
        {
            return "the distances of its peers to the key are not known exactly";
        }

        if (Answers.Any(static answer => answer.Request.Named.IsDefault))
        {
            return "the trace does not hold whom its answers named";
        }

        // These have a follow-up, which only this time tells from the lookup. What writes native spans without beta has none.
        var hasFollowUp =
            Query.Source is TraceSource.GoKadDht or TraceSource.GoKadDhtAndKuboEvents
            || Query is { Source: TraceSource.Native, Parameters.Beta: not null };
        return hasFollowUp && Query.TerminatedNs is null ? "the trace does not show when the lookup stopped choosing peers" : null;
    }

    /// <summary>Answered requests of the lookup (FIND_NODE, GET_PROVIDERS, GET_VALUE).</summary>
    public IEnumerable<(QueryPeer Peer, PeerRequest Request)> Answers =>
        from peer in Query.Peers
        from request in peer.Requests
        where
            request is { Outcome: RequestOutcome.Answered, Type: MessageType.FindNode or MessageType.GetProviders or MessageType.GetValue }
        select (peer, request);

    /// <summary>Whether the caller, or a lack of peers to ask, ended it before its own rules could.</summary>
    public bool WasEndedFromOutside =>
        Query.Outcome is QueryOutcome.Cancelled or QueryOutcome.TimedOut or QueryOutcome.Failed or QueryOutcome.Incomplete
        || Query.Termination is QueryTermination.Cancelled;

    /// <summary>A number with its noun: <c>1 peer</c>, <c>3 peers</c>.</summary>
    public static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
