using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Queries;

/// <summary>find-peer: ends when an answer names the peer with an address, or the peer itself answers.</summary>
internal sealed class FindPeerGoal(PeerId wanted) : QueryGoal
{
    private KadPeer? _found;
    private DateTimeOffset? _foundAt;

    public override GoalProgress Take(QueryRun run, LookupPeer peer, MessageType type, KadMessage? answer)
    {
        if (_found is not null)
        {
            return default;
        }

        var named = answer?.CloserPeers.FirstOrDefault(candidate => candidate.Id == wanted && candidate.Addresses.Count > 0);
        if (named is null && peer.Id == wanted)
        {
            named = new KadPeer(peer.Id, peer.Addresses, KadConnectionType.Connected);
        }

        if (named is null)
        {
            return default;
        }

        _found = named;
        _foundAt = peer.DoneAt;
        run.ReportResult(peer, named.Id.ToString());
        return new GoalProgress(Reached: true);
    }

    public override Conclusion Conclude(QueryRun run) =>
        new()
        {
            Results = _found is null ? 0 : 1,
            DiscoveredAt = _foundAt,
            Peers = _found is null ? [] : [_found],
            NothingFound = "no answer named the peer",
        };
}
