using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;

namespace DhtTracer.Kademlia.Queries;

/// <summary>ping: one ping to one peer.</summary>
internal sealed class PingGoal : QueryGoal
{
    private LookupPeer? _answered;

    public override GoalProgress Take(QueryRun run, LookupPeer peer, MessageType type, KadMessage? answer)
    {
        _answered = peer;
        run.ReportResult(peer, peer.Text);
        return new GoalProgress(Reached: true);
    }

    public override Conclusion Conclude(QueryRun run) =>
        new()
        {
            Results = _answered is null ? 0 : 1,
            DiscoveredAt = _answered?.DoneAt,
            Peers = _answered is null ? [] : [new KadPeer(_answered.Id, _answered.Addresses, KadConnectionType.Connected)],
            NothingFound = "the peer did not answer",
            NothingIsFailure = true,
        };
}
