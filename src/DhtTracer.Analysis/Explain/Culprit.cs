using System.Collections.Immutable;

namespace DhtTracer.Analysis.Explain;

/// <summary>A peer that the query waited for, worth naming.</summary>
/// <param name="PeerId">The peer.</param>
/// <param name="Agent">Its agent version; null when unknown. Hostile text.</param>
/// <param name="Kind">What the query waited for.</param>
/// <param name="ErrorClass">Class of the failure; null when nothing failed.</param>
/// <param name="DurationNs">How long, in nanoseconds: its part of the critical path that was spent on this.</param>
/// <param name="Share">Of the query's duration, 0 to 1.</param>
public sealed record Culprit(string PeerId, string? Agent, BlameKind Kind, string? ErrorClass, long DurationNs, double Share)
{
    /// <summary>Less of the duration than this is not worth a name.</summary>
    private const double WorthNaming = 0.1;

    /// <summary>A peer that did what it should is worth a name only when the query waited for it for so much of the duration.</summary>
    private const double SlowShare = 0.25;

    /// <summary>
    /// What was cut off counts against its peer only when it had been under way for so many times the time that the slowest answer took,
    /// and for a second: a peer that was about to answer is not to blame for the caller's end.
    /// </summary>
    private const int Overdue = 2;

    private const long LeastOverdueNs = 1_000_000_000;

    /// <summary>The culprits of a path, the longest wait first.</summary>
    internal static ImmutableArray<Culprit> Of(CriticalPath path, Query query, ImmutableArray<PeerActivity> activities)
    {
        var duration = path.Segments.Sum(static s => s.DurationNs);
        var agents = query
            .Peers.Where(static peer => peer.Agent is not null)
            .ToLookup(static peer => peer.Id, static peer => peer.Agent, StringComparer.Ordinal);
        var slowest = activities
            .Where(static a => a is { Result: ActivityResult.Done, Kind: not PeerActivityKind.Dial, IsStore: false })
            .Select(static a => a.EndNs - a.StartNs)
            .Max();
        return
        [
            .. path
                .Segments.Where(static segment => segment is { IsLostToPeer: true, PeerId: not null })
                .GroupBy(static segment => (PeerId: segment.PeerId!, Cause: Blame.CauseOf(segment)))
                .Select(group => (group.Key, Sum: group.Sum(static segment => segment.DurationNs)))
                .Select(item => new Culprit(
                    item.Key.PeerId,
                    agents[item.Key.PeerId].FirstOrDefault(),
                    item.Key.Cause.Kind,
                    item.Key.Cause.ErrorClass,
                    item.Sum,
                    (double)item.Sum / duration
                ))
                .Where(culprit =>
                    culprit.Share >= (culprit.IsFault ? WorthNaming : SlowShare)
                    && (culprit.Kind != BlameKind.TakenBack || IsOverdue(query, activities, culprit.PeerId, slowest))
                )
                .OrderByDescending(static culprit => culprit.DurationNs)
                .ThenBy(static culprit => culprit.PeerId, StringComparer.Ordinal),
        ];
    }

    /// <summary>The peer failed, stayed silent, or was overdue when the query ended. Otherwise it answered, and took long.</summary>
    public bool IsFault => Kind is BlameKind.FailedDials or BlameKind.FailedRequests or BlameKind.NoAnswer or BlameKind.TakenBack;

    private static bool IsOverdue(Query query, ImmutableArray<PeerActivity> activities, string peerId, long? slowestNs) =>
        activities.Any(a =>
            a.Result == ActivityResult.TakenBack
            && query.Peers[a.Peer].Id == peerId
            && (a.EndNs ?? query.DurationNs) - a.StartNs is { } underWay
            && underWay >= LeastOverdueNs
            && underWay > Overdue * slowestNs.GetValueOrDefault()
        );
}
