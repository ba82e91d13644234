using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Explain.Replay;

/// <summary>One peer of a lookup of the native node, as its trace shows it.</summary>
/// <param name="Rank">0 for the peer nearest to the key.</param>
/// <param name="Seed">Known from the start.</param>
/// <param name="Timing">The timing of its dial and request; null when the trace does not show all of it.</param>
/// <param name="CutOff">
/// The partial timing of a dial or request that was cancelled; null when it never began, or when it ended by itself.
/// </param>
/// <param name="Names">Ranks of the peers named by its answer.</param>
/// <param name="BringsResult">Its answer held a result that the lookup stops for.</param>
internal sealed record LookupPeerRecord(
    int Rank,
    bool Seed,
    PeerTiming? Timing,
    CutOff? CutOff,
    ImmutableArray<int> Names,
    bool BringsResult
);

/// <summary>A lookup of the native node from a trace, input of <see cref="LookupReplay"/>.</summary>
internal sealed record LookupRecord
{
    /// <summary>Peers by distance, nearest first; a peer's index is its rank.</summary>
    public required ImmutableArray<LookupPeerRecord> Peers { get; init; }

    /// <summary>Nanoseconds from the start to the first dial or request.</summary>
    public required long SetupNs { get; init; }

    /// <summary>Median of the nanoseconds from the cancellation of a dial or request to its end; 0 when the trace shows none.</summary>
    public required long WithdrawNs { get; init; }

    /// <summary>Durations of the stores after the lookup, in the order of their start.</summary>
    public required ImmutableArray<long> StoresNs { get; init; }

    /// <summary>Nanoseconds from the last dial or request to the end.</summary>
    public required long FinishNs { get; init; }

    /// <summary>The lookup stopped after this many answers with a result; 0 when it did not stop for results.</summary>
    public required int StopsAfterResults { get; init; }

    /// <summary>Reads a query. The record is null when its lookup cannot be replayed; the reason is null when it can.</summary>
    public static (LookupRecord? Record, string? Reason) Read(Query query)
    {
        if (Unfit(query) is { } reason)
        {
            return (null, reason);
        }

        var distances = KeyDistances.Of(query);
        var activities = PeerActivity.Of(query);
        var asked = activities.Where(static a => !a.IsStore).ToList();
        if (!distances.Exact)
        {
            return (null, "the distances of its peers to the key are not known exactly");
        }

        if (asked.Count(static a => a.EndNs is not null && a.Result is ActivityResult.Done or ActivityResult.Failed) < 3)
        {
            return (null, "too few dials and requests ended to know how long they take");
        }

        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var rank = 0; rank < distances.Nearest.Length; rank++)
        {
            ranks[query.Peers[distances.Nearest[rank]].Id] = rank;
        }

        var named = query
            .Peers.Where(static peer => peer.Referrer is not null)
            .ToLookup(static peer => peer.Referrer!, StringComparer.Ordinal);
        var setup = Math.Clamp(asked.Min(static a => a.StartNs), 0, query.DurationNs.GetValueOrDefault());

        // A connected dial is followed by the request to the same peer, so it frees no slot.
        var ownEnds = asked
            .Where(static a =>
                a.EndNs is not null
                && a.Result != ActivityResult.TakenBack
                && (a.Kind != PeerActivityKind.Dial || a.Result == ActivityResult.Failed)
            )
            .Select(static a => a.EndNs.GetValueOrDefault());
        long[] moments = [.. ownEnds.Append(setup).Order()];
        var peers = distances
            .Nearest.Select((index, rank) => PeerOf(query, query.Peers[index], rank, ranks, named, moments))
            .ToImmutableArray();
        var duration = query.DurationNs.GetValueOrDefault();
        var ends = activities
            .Where(a => a.EndNs <= duration && a.Result != ActivityResult.TakenBack)
            .Select(static a => a.EndNs.GetValueOrDefault())
            .ToList();
        return (
            new LookupRecord
            {
                Peers = peers,
                SetupNs = setup,
                WithdrawNs = Withdrawal(asked, moments),
                StoresNs =
                [
                    .. activities
                        .Where(static a => a is { IsStore: true, EndNs: not null })
                        .OrderBy(static a => a.StartNs)
                        .Select(static a => a.EndNs.GetValueOrDefault() - a.StartNs),
                ],
                FinishNs = duration - ends.DefaultIfEmpty(duration).Max(),
                StopsAfterResults = HadEnough(query, distances, activities)
                    ? Math.Max(1, peers.Count(static peer => peer.BringsResult))
                    : 0,
            },
            null
        );
    }

    private static string? Unfit(Query query) =>
        query switch
        {
            { Source: not TraceSource.Native } =>
                "the lookup rules of its implementation are not modelled, and its trace does not tell alpha and beta",
            { Type: QueryType.Ping } => "a ping is no lookup",
            { Parameters.Alpha: null } or { Parameters.Beta: null } =>
                "its spans do not tell alpha and beta, so what wrote them may follow other rules than our node's",
            { DurationNs: null } => "the end of the query is not in the trace",
            { Outcome: QueryOutcome.Cancelled or QueryOutcome.TimedOut } or { Termination: QueryTermination.Cancelled } =>
                "it was ended from outside, not by its own rules",
            { Key: null } => "its key is not known",
            { Peers.IsEmpty: true } => "the trace shows no peers",
            _ when query.Peers.Any(static peer => peer.ReferrerInferred || (peer.Referrer is null && peer.Hops is not 0)) =>
                "the trace does not tell who named its peers",
            _ when query
                    .Peers.SelectMany(static peer => peer.Requests)
                    .Any(static r =>
                        r
                            is {
                                Outcome: RequestOutcome.Answered,
                                Type: MessageType.FindNode or MessageType.GetProviders or MessageType.GetValue,
                                New: null
                            }
                        && r.Named.IsDefault
                    ) => "the trace does not tell whom the answers named",
            _ => null,
        };

    private static LookupPeerRecord PeerOf(
        Query query,
        QueryPeer peer,
        int rank,
        Dictionary<string, int> ranks,
        ILookup<string, QueryPeer> firstNamed,
        long[] moments
    )
    {
        var request = peer.Requests.FirstOrDefault(static r => r.Type is not (MessageType.PutValue or MessageType.AddProvider));
        var (timing, cutOff) = TimingOf(query, peer, request, moments);
        var names = timing is { Failed: false }
            ? peer.Requests.FirstOrDefault(static r => !r.Named.IsDefault)?.Named
                ?? [.. firstNamed[peer.Id].Select(static named => named.Id)]
            : [];
        return new LookupPeerRecord(
            rank,
            peer.Referrer is null,
            timing,
            cutOff,
            [.. names.Where(ranks.ContainsKey).Select(name => ranks[name])],
            timing is { Failed: false } && BringsResult(query, peer, request, names)
        );
    }

    // If the wanted peer itself answers, it has been found.
    private static bool BringsResult(Query query, QueryPeer peer, PeerRequest? request, ImmutableArray<string> names) =>
        query.Type == QueryType.FindPeer
            ? query.Key is { } key && (peer.Id == key.Text || names.Contains(key.Text, StringComparer.Ordinal))
            : request is { Providers: > 0 } or { Records: > 0 };

    /// <summary>
    /// True when the lookup had its result, either while it chose peers or in its follow-up. The follow-up waits for all of the K closest,
    /// so a cancelled request to one of them shows that the result was there.
    /// </summary>
    private static bool HadEnough(Query query, KeyDistances distances, ImmutableArray<PeerActivity> activities)
    {
        if (query.Termination == QueryTermination.Stopped)
        {
            return true;
        }

        if (query.Termination != QueryTermination.Completed || query.Parameters.K is not { } k)
        {
            return false;
        }

        HashSet<int> closest =
        [
            .. distances.Nearest.Where(index => query.Peers[index].State is not (PeerState.DialFailed or PeerState.RequestFailed)).Take(k),
        ];
        return activities.Any(a => a is { IsStore: false, Result: ActivityResult.TakenBack } && closest.Contains(a.Peer));
    }

    private static (PeerTiming? Timing, CutOff? CutOff) TimingOf(Query query, QueryPeer peer, PeerRequest? request, long[] moments)
    {
        var start = peer.Dial?.StartNs ?? request?.StartNs;
        if (start is null)
        {
            return (null, null);
        }

        var left = Math.Max(0, query.DurationNs.GetValueOrDefault() - start.Value);
        var reaction = Reaction(start.Value, moments);
        var dial = PeerActivity.Of(query with { Peers = [peer] }).FirstOrDefault(static a => a.Kind == PeerActivityKind.Dial);
        if (dial is { Result: ActivityResult.Failed, EndNs: { } failedAt })
        {
            var timedOut = dial.ErrorClass == ErrorClass.DialTimeout;
            return (new PeerTiming(reaction, failedAt - dial.StartNs, true, timedOut, 0, 0, false, false), null);
        }

        if (request is not { StartNs: { } asked })
        {
            return (null, new CutOff(reaction, null, 0, Math.Max(1, peer.Dial?.DurationNs ?? left)));
        }

        var dialNs = dial is { EndNs: { } end } && end <= asked ? end - dial.StartNs : 0;
        var gap = Math.Max(0, asked - start.Value - dialNs);
        return request is { DurationNs: { } requestNs, Outcome: RequestOutcome.Answered or RequestOutcome.Failed }
            ? (
                new PeerTiming(
                    reaction,
                    dialNs,
                    false,
                    false,
                    gap,
                    requestNs,
                    request.Outcome == RequestOutcome.Failed,
                    request.Error?.Class == ErrorClass.RequestTimeout
                ),
                null
            )
            : (null, new CutOff(reaction, dialNs, gap, Math.Max(1, request.DurationNs ?? left)));
    }

    private static long Withdrawal(List<PeerActivity> asked, long[] moments)
    {
        var lags = asked
            .Where(static a => a is { Result: ActivityResult.TakenBack, EndNs: not null })
            .Select(a => Reaction(a.EndNs.GetValueOrDefault(), moments))
            .Order()
            .ToList();
        return lags.Count == 0 ? 0 : lags[lags.Count / 2];
    }

    // The time since the latest moment before the start. The moments are the first start and every end.
    private static long Reaction(long start, long[] moments)
    {
        var index = Array.BinarySearch(moments, start);
        index = index < 0 ? ~index - 1 : index;
        return index < 0 ? 0 : start - moments[index];
    }
}
