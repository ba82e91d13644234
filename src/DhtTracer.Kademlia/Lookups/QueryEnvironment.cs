using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Kademlia.Routing;

namespace DhtTracer.Kademlia.Lookups;

/// <summary>The state shared by all queries of a node.</summary>
internal sealed class QueryEnvironment(
    IDhtNetwork network,
    RoutingTable routingTable,
    RoutingTableUpkeep upkeep,
    DhtOptions options,
    TimeProvider time
)
{
    public IDhtNetwork Network => network;

    public RoutingTable RoutingTable => routingTable;

    public DhtOptions Options => options;

    public TimeProvider Time => time;

    /// <summary>A peer that answers a request serves the DHT, so it belongs in the routing table.</summary>
    public void PeerAnswered(LookupPeer peer) => upkeep.Offer(new KadPeer(peer.Id, peer.Addresses));

    /// <summary>
    /// Removes a peer that could not be dialed or does not serve the DHT. It returns when it answers again. A peer that refuses a record or
    /// a ping stays: it may only reject this message. For example, rust-libp2p resets the stream of a value above 16 KiB.
    /// </summary>
    /// <param name="peer">The peer.</param>
    /// <param name="sent">The message that failed; null if the dial failed.</param>
    /// <param name="errorClass">One of <see cref="ErrorClass"/>.</param>
    public void PeerFailed(LookupPeer peer, MessageType? sent, string errorClass)
    {
        var mayRefuse = sent switch
        {
            MessageType.Ping => true,
            MessageType.GetValue or MessageType.PutValue or MessageType.AddProvider => errorClass == ErrorClass.Reset,
            _ => false,
        };
        if (!mayRefuse)
        {
            routingTable.Remove(peer.Id);
        }
    }
}
