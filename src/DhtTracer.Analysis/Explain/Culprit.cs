using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Explain;

/// <summary>A peer that the query waited for long enough to be named.</summary>
/// <param name="PeerId">The peer.</param>
/// <param name="Agent">Its agent version; null when unknown. Hostile text.</param>
/// <param name="Kind">What the query waited for.</param>
/// <param name="ErrorClass">Class of the failure; null when nothing failed.</param>
/// <param name="DurationNs">Nanoseconds of the critical path that were spent on this.</param>
/// <param name="Share">Share of the query's duration, 0 to 1.</param>
public sealed record Culprit(string PeerId, string? Agent, BlameKind Kind, string? ErrorClass, long DurationNs, double Share)
{
    /// <summary>A peer with a smaller share of the duration is not named.</summary>
    private const double WorthNaming = 0.1;

    /// <summary>A peer that answered is named only with at least this share of the duration.</summary>
    private const double SlowShare = 0.25;

    /// <summary>
    /// A cancelled request counts against its peer only if it had been under way for at least a second, and for this many times the slowest
    /// answer. A peer that was about to answer is not to blame for the caller's deadline.
    /// </summary>
    private const int Overdue = 2;

    private const long LeastOverdueNs = 1_000_000_000;

    /// <summary>The culprits of a path, longest wait first.</summary>
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

    /// <summary>
    /// True when the peer failed, stayed silent, or was overdue when the query ended. Otherwise the peer answered slowly.
    /// </summary>
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
