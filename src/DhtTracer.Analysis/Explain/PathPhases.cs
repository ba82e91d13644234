namespace DhtTracer.Analysis.Explain;

/// <summary>Says in which phase of a query a dial or request lies.</summary>
/// <param name="query">The query.</param>
/// <param name="firstEndNs">When the first dial or request of the query ended.</param>
internal sealed class PathPhases(Query query, long firstEndNs)
{
    /// <summary>From here on the answer is known, or no more peers are chosen.</summary>
    private readonly long _tailNs = Math.Min(query.DiscoveryNs ?? long.MaxValue, query.TerminatedNs ?? long.MaxValue);

    /// <summary>
    /// A request after the lookup had stopped choosing peers. Not one whose dial the lookup had begun before: that can still be sent.
    /// </summary>
    public bool IsFollowUp(PeerActivity activity)
    {
        if (query.TerminatedNs is not { } terminated || activity.StartNs < terminated || activity.IsStore)
        {
            return false;
        }

        return activity.Request > 0 || query.Peers[activity.Peer].Dial is not { Error: null } dial || dial.StartNs >= terminated;
    }

    /// <summary>The phase just before a time, and since when it lasts, at most back to <paramref name="startNs"/>.</summary>
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
