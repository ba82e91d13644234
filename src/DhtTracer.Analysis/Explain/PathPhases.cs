using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Explain;

/// <summary>Finds the phase of a query in which a dial or request lies.</summary>
/// <param name="query">The query.</param>
/// <param name="firstEndNs">When the first dial or request of the query ended.</param>
internal sealed class PathPhases(Query query, long firstEndNs)
{
    /// <summary>From this time on the answer is known, or the lookup chooses no more peers.</summary>
    private readonly long _tailNs = Math.Min(query.DiscoveryNs ?? long.MaxValue, query.TerminatedNs ?? long.MaxValue);

    /// <summary>
    /// True for a request that began after the lookup had stopped choosing peers. False if the lookup had begun the peer's dial before that
    /// time: the request after such a dial can still be sent.
    /// </summary>
    public bool IsFollowUp(PeerActivity activity)
    {
        if (query.TerminatedNs is not { } terminated || activity.StartNs < terminated || activity.IsStore)
        {
            return false;
        }

        return activity.Request > 0 || query.Peers[activity.Peer].Dial is not { Error: null } dial || dial.StartNs >= terminated;
    }

    /// <summary>
    /// The phase just before <paramref name="endNs"/>, and the time since when it lasts, at earliest <paramref name="startNs"/>.
    /// </summary>
    public (PathPhase Phase, long SinceNs) Of(PeerActivity activity, long startNs, long endNs)
    {
        var peer = query.Peers[activity.Peer];
        if (activity.IsStore || (activity.Kind == PeerActivityKind.Dial && !peer.Requests.IsEmpty && peer.Requests.All(IsStore)))
        {
            return (PathPhase.Stores, startNs);
        }

        if (IsFollowUp(activity))
        {
            return (PathPhase.FollowUp, startNs);
        }

        if (endNs > _tailNs)
        {
            return (PathPhase.Tail, Math.Max(startNs, _tailNs));
        }

        var first = (peer.Dial?.StartNs ?? activity.StartNs) <= firstEndNs && peer.Hops == 0 && peer.AskedAfter is null;
        return (
            first ? PathPhase.FirstPeers
            : activity.Kind == PeerActivityKind.Dial ? PathPhase.Dials
            : PathPhase.Requests,
            startNs
        );
    }

    private static bool IsStore(PeerRequest request) => request.Type is MessageType.PutValue or MessageType.AddProvider;
}
