namespace DhtTracer.Kademlia;

/// <summary>What all queries of a node share.</summary>
internal sealed class QueryEnvironment(IDhtNetwork network, RoutingTable routingTable, RoutingTableUpkeep upkeep, DhtOptions options, TimeProvider time)
{
    public IDhtNetwork Network => network;

    public RoutingTable RoutingTable => routingTable;

    public DhtOptions Options => options;

    public TimeProvider Time => time;

    /// <summary>Whoever answers a request serves the DHT, and is worth a place in the routing table.</summary>
    public void PeerAnswered(LookupPeer peer) => upkeep.Offer(new KadPeer(peer.Id, peer.Addresses));

    /// <summary>Whoever fails is not worth one; it comes back when it answers again.</summary>
    public void PeerFailed(LookupPeer peer) => routingTable.Remove(peer.Id);
}
