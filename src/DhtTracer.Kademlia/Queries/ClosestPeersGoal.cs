using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;

namespace DhtTracer.Kademlia.Queries;

/// <summary>get-closest-peers: the K closest peers that answered.</summary>
internal class ClosestPeersGoal : QueryGoal
{
    public override GoalProgress Take(QueryRun run, LookupPeer peer, MessageType type, KadMessage? answer) => default;

    public override Conclusion Conclude(QueryRun run)
    {
        var closest = Closest(run);
        return new Conclusion
        {
            Results = closest.Count,
            DiscoveredAt = FirstKnown(closest),
            Peers = [.. closest.Select(peer => new KadPeer(peer.Id, peer.Addresses))],
            NothingFound = "nobody answered",
            NothingIsFailure = true,
        };
    }

    protected static List<LookupPeer> Closest(QueryRun run) =>
        [.. run.Peers.InOrderOfDistance.Where(peer => peer.State == PeerState.Answered).Take(run.Description.Parameters.K)];

    /// <summary>The final answer is known once the last of its peers was heard of.</summary>
    protected static DateTimeOffset? FirstKnown(IReadOnlyCollection<LookupPeer> peers) =>
        peers.Count == 0 ? null : peers.Max(peer => peer.HeardAt);
}
