using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.KuboEvents;

/// <summary>What the caller of a Kubo command got, and how the command ended.</summary>
internal sealed class KuboEventsResults
{
    private readonly KuboEventStream _stream;
    private readonly LookupBuilder _lookup;
    private readonly QueryType _type;

    /// <summary>Reads the results.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="lookup">Its peers, with their referrers already set.</param>
    /// <param name="type">The type of the operation.</param>
    /// <param name="keyText">The key as text; null when unknown.</param>
    public KuboEventsResults(KuboEventStream stream, LookupBuilder lookup, QueryType type, string? keyText)
    {
        _stream = stream;
        _lookup = lookup;
        _type = type;
        var found = Found();
        Error = found.Count > 0 ? null : ErrorOf();
        Outcome = found.Count > 0 ? QueryOutcome.Success : WithoutResult();
        Error = Outcome is QueryOutcome.Failed or QueryOutcome.NotFound ? Error : null;
        Count = Results(found);
        if (found.Count > 0)
        {
            Discover(found, keyText);
        }
    }

    /// <summary>How it ended.</summary>
    public QueryOutcome Outcome { get; }

    /// <summary>Why it failed; null when it did not.</summary>
    public TraceError? Error { get; }

    /// <summary>Number of distinct results for the caller; null when the stream does not show it.</summary>
    public int? Count { get; }

    /// <summary>When the final answer was first known, in nanoseconds after the start; null when the stream does not show it.</summary>
    public long? DiscoveryNs { get; private set; }

    /// <summary>The peer whose answer held it; null when the stream does not show it.</summary>
    public string? DiscoveredBy { get; private set; }

    private Span? Root => _stream.Root;

    /// <summary>Distinct results: peers, providers, values. For put-value the daemon reports once that it stored the record.</summary>
    private HashSet<string> Found()
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var happened in _stream.Events)
        {
            switch (happened.Name)
            {
                case nameof(KuboEventType.Provider):
                    found.UnionWith(
                        KuboEventsPeers.Responses(happened).Where(static id => id.Length > 0).Select(static id => PeerText.Canonical(id))
                    );
                    break;
                case nameof(KuboEventType.FinalPeer) when _type == QueryType.FindPeer:
                    found.UnionWith(
                        KuboEventsPeers.Responses(happened).Where(static id => id.Length > 0).Select(static id => PeerText.Canonical(id))
                    );
                    break;
                case nameof(KuboEventType.FinalPeer) when happened.Text(KuboEventNames.Peer) is { } peer:
                    found.Add(PeerText.Canonical(peer));
                    break;
                case nameof(KuboEventType.Value):
                    found.Add(happened.Text(KuboEventNames.Extra) ?? happened.Text(KuboEventNames.Peer) ?? "");
                    break;
                default:
                    break;
            }
        }

        return found;
    }

    private int? Results(HashSet<string> found) =>
        _type switch
        {
            // The daemon does not report where it stored them.
            QueryType.PutValue or QueryType.AddProvider or QueryType.Unknown => null,
            _ => found.Count > 0 || Outcome != QueryOutcome.Incomplete ? found.Count : null,
        };

    private QueryOutcome WithoutResult()
    {
        var end = Root?.Text(KuboEventNames.End);
        if (end is null && (_stream.IsTimed || Root is null))
        {
            return QueryOutcome.Incomplete;
        }

        if (end == Words.Of(KuboStreamEnd.Cancelled))
        {
            return QueryOutcome.Cancelled;
        }

        if (end == Words.Of(KuboStreamEnd.Cut))
        {
            return QueryOutcome.Failed;
        }

        if (Root?.Integer(KuboEventNames.Timeout) is { } limit && SpanReading.Nanoseconds(Root.StartUnixNano, Root.EndUnixNano) >= limit)
        {
            return QueryOutcome.TimedOut;
        }

        if (GaveUp() is { } gaveUp)
        {
            return gaveUp;
        }

        if (Error is not null)
        {
            return Error.Class is ErrorClass.NotFound || (Error.Class == ErrorClass.NoPeers && _lookup.Requests.Count > 0)
                ? QueryOutcome.NotFound
                : QueryOutcome.Failed;
        }

        // A saved stream does not show whether the command was stopped. It counts as ended when every request had an answer.
        return end is null && _lookup.Requests.Any(static request => request.Outcome == RequestOutcome.NoAnswer) ? QueryOutcome.Incomplete
            : _type is QueryType.AddProvider or QueryType.PutValue ? QueryOutcome.Success
            : QueryOutcome.NotFound;
    }

    /// <summary>
    /// If nothing was found and a request ended with the caller's context, the caller or its time limit ended the lookup.
    /// </summary>
    private QueryOutcome? GaveUp()
    {
        QueryOutcome? gaveUp = null;
        foreach (
            var text in _stream
                .Events.Where(static happened => happened.Name == nameof(KuboEventType.QueryError))
                .Select(static happened => happened.Text(KuboEventNames.Extra))
                .Append(Root?.Text(KuboEventNames.Error))
        )
        {
            if (text is null || !KuboErrors.IsContext(text))
            {
                continue;
            }

            if (KuboErrors.IsDeadline(text))
            {
                return QueryOutcome.TimedOut;
            }

            gaveUp = QueryOutcome.Cancelled;
        }

        return gaveUp;
    }

    /// <summary>
    /// The daemon's error for the whole command. Of the errors of its sides, it prefers one that says more than that a table was empty.
    /// </summary>
    private TraceError? ErrorOf()
    {
        if (Root?.Text(KuboEventNames.Error) is { } said)
        {
            return Root.Text(KuboEventNames.End) == Words.Of(KuboStreamEnd.Cut)
                ? new TraceError(ErrorClass.Reset, said)
                : ErrorText.Classify(said);
        }

        var errors = _stream
            .Events.Where(static happened =>
                happened.Name == nameof(KuboEventType.QueryError) && happened.Text(KuboEventNames.Peer) is null
            )
            .Select(static happened => ErrorText.Classify(happened.Text(KuboEventNames.Extra)))
            .ToList();
        return errors.Find(static error => error.Class is not (ErrorClass.NoPeers or ErrorClass.NotFound))
            ?? errors.Find(static error => error.Class == ErrorClass.NotFound)
            ?? errors.FirstOrDefault();
    }

    private void Discover(HashSet<string> found, string? keyText)
    {
        switch (_type)
        {
            case QueryType.GetProviders:
                // The event of a provider comes with the answer that named it, but does not say which peer answered.
                DiscoveryNs = _stream.At(_stream.Events.First(static happened => happened.Name == nameof(KuboEventType.Provider)));
                break;
            case QueryType.FindPeer:
                DiscoverPeer(keyText ?? found.First());
                break;
            case QueryType.GetClosestPeers when _lookup.Requests.Count > 0:
                DiscoveryNs = LookupDiscovery.AllHeard(_lookup, found);
                DiscoveredBy = DiscoveryNs is { } last
                    ? _lookup.Peers.FirstOrDefault(peer => peer.HeardNs == last && found.Contains(peer.Id))?.Referrer
                    : null;
                break;
            default:
                break;
        }
    }

    /// <summary>A peer that was connected or in the routing table was known from the start.</summary>
    private void DiscoverPeer(string id)
    {
        var peer = _lookup.Peers.FirstOrDefault(known => known.Id == id);
        if (_lookup.Requests.Count == 0 || peer is { Hops: 0 })
        {
            DiscoveryNs = 0;
            return;
        }

        var naming = _lookup.AnswersInOrder().FirstOrDefault(request => request.Closer!.Any(named => named.Id == id));
        DiscoveryNs = naming?.AnswerNs;
        DiscoveredBy = naming?.Peer.Id;
    }
}
