using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Records;
using DhtTracer.Kademlia.Routing;
using DhtTracer.Kademlia.Server;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Simulation;

public enum Fault
{
    None,
    Refuses,
    NeverConnects,
    BlackHole,
    Resets,
    RefusesProtocol,
    AnswersNonsense,
    NamesDeadPeers,
    NamesPeersTwice,
    DropsHalf,
    ReturnsBadRecords,

    /// <summary>As rust-libp2p does with the PING of kad-dht, on a network where there is no other.</summary>
    RefusesPing,
}

/// <summary>A peer of the simulation: real routing table, stores and answers; simulated latency and faults.</summary>
public sealed class SimulatedPeer(int index, PeerId id, Multiaddr address)
{
    public int Index => index;

    public PeerId Id => id;

    public KadId KadId { get; } = KadId.Of(id);

    public Multiaddr Address => address;

    public KadPeer AsKadPeer => new(id, [address]);

    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(10);

    public Fault Fault { get; set; }

    public RoutingTable? Table { get; set; }

    public ProviderStore? Providers { get; set; }

    public ValueStore? Values { get; set; }

    public KadServer? Server { get; set; }

    public int Requests { get; set; }
}
