using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;

namespace DhtTracer.Kademlia.Queries;

/// <summary>The first step of a bootstrap: finds out which of the given peers answer.</summary>
internal sealed class ContactGoal : QueryGoal
{
    private readonly List<LookupPeer> _answered = [];

    public override GoalProgress Take(QueryRun run, LookupPeer peer, MessageType type, KadMessage? answer)
    {
        _answered.Add(peer);
        run.ReportResult(peer, peer.Text);
        return default;
    }

    public override Conclusion Conclude(QueryRun run) =>
        new()
        {
            Results = _answered.Count,
            DiscoveredAt = _answered.Count == 0 ? null : _answered[0].DoneAt,
            Peers = [.. _answered.Select(peer => new KadPeer(peer.Id, peer.Addresses, KadConnectionType.Connected))],
            NothingFound = "none of the bootstrap peers answered",
            NothingIsFailure = true,
        };
}
