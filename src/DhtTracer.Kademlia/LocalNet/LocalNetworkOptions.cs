namespace DhtTracer.Kademlia.LocalNet;

/// <summary>What is wrong with a node of a local network.</summary>
public enum NodeFault
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Each answer comes late, by <see cref="FaultShare.Latency"/>.</summary>
    Slow = 1,

    /// <summary>Its port is closed: dials are refused.</summary>
    Dead = 2,

    /// <summary>Its port accepts connections, and nobody speaks: dials run out of time.</summary>
    Silent = 3,

    /// <summary>It connects, and never answers a request.</summary>
    BlackHole = 4,

    /// <summary>It does not answer a share of the requests, <see cref="FaultShare.DropRate"/>.</summary>
    Drops = 5,

    /// <summary>It names peers that do not exist.</summary>
    NamesDeadPeers = 6,

    /// <summary>It names every peer twice.</summary>
    NamesPeersTwice = 7,

    /// <summary>It no longer speaks the DHT protocol.</summary>
    RefusesProtocol = 8,
}

/// <summary>How many nodes have a fault.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="Share">Share of all nodes, 0 to 1.</param>
public sealed record FaultShare(NodeFault Fault, double Share)
{
    /// <summary>Added latency of <see cref="NodeFault.Slow"/>.</summary>
    /// <value>300 ms.</value>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Share of requests that <see cref="NodeFault.Drops"/> does not answer, 0 to 1.</summary>
    /// <value>0.5.</value>
    public double DropRate { get; init; } = 0.5;
}

/// <summary>Options of a <see cref="LocalNetwork"/>.</summary>
public sealed record LocalNetworkOptions
{
    /// <summary>Number of nodes, 2 to 1000.</summary>
    /// <value>100.</value>
    public int Count { get; init; } = 100;

    /// <summary>Peer ids, who is faulty and what is dropped follow from it alone.</summary>
    /// <value>1.</value>
    public int Seed { get; init; } = 1;

    /// <summary>Faults, which begin when all nodes have found each other. The first nodes, which serve as bootstrap peers, have
    /// none.</summary>
    public IReadOnlyList<FaultShare> Faults { get; init; } = [];

    /// <summary>
    /// Every answer comes later by the latency of its node, which lies evenly between 0 and this; zero for none. Begins when all nodes have
    /// found each other.
    /// </summary>
    /// <value>Zero.</value>
    public TimeSpan MaxLatency { get; init; }

    /// <summary>TCP port of the first node, the others follow; 0 for free ones.</summary>
    /// <value>0.</value>
    public int FirstPort { get; init; }

    /// <summary>File to write the bootstrap peers to, a multiaddr a line; null for none.</summary>
    public string? BootstrapFile { get; init; }

    /// <summary>Options of every node.</summary>
    /// <value>No refresh of routing tables, no spans.</value>
    public DhtOptions Dht { get; init; } = new() { RefreshInterval = Timeout.InfiniteTimeSpan, Traced = false };

    /// <summary>Throws when an option is out of range.</summary>
    /// <exception cref="DhtOptionsException">The text says which and what is allowed.</exception>
    public void Validate()
    {
        if (Count is < 2 or > 1000)
        {
            throw new DhtOptionsException($"the local network has {Count} nodes, it can have 2 to 1000");
        }

        if (FirstPort != 0 && (FirstPort < 1024 || FirstPort + Count > 65_536))
        {
            throw new DhtOptionsException($"ports {FirstPort} to {FirstPort + Count - 1} are not all within 1024 to 65535");
        }

        if (Faults.Any(fault => fault.Share is < 0 or > 1 || fault.DropRate is < 0 or > 1) || Faults.Sum(fault => fault.Share) > 1)
        {
            throw new DhtOptionsException("the shares of faults must be 0 to 1 and add up to at most 1");
        }

        if (MaxLatency < TimeSpan.Zero || MaxLatency > TimeSpan.FromMinutes(1))
        {
            throw new DhtOptionsException("the greatest latency must be 0 to 1 minute");
        }

        Dht.Validate();
    }
}

/// <summary>A local network at one moment.</summary>
/// <param name="Nodes">Nodes that run.</param>
/// <param name="Connections">Open connections, each counted at both of its ends.</param>
/// <param name="Requests">Requests received since the start.</param>
/// <param name="RoutingTableMin">Peers in the smallest routing table.</param>
/// <param name="RoutingTableMax">Peers in the largest routing table.</param>
/// <param name="MemoryBytes">Working set of the process.</param>
public sealed record LocalNetworkStats(
    int Nodes,
    int Connections,
    long Requests,
    int RoutingTableMin,
    int RoutingTableMax,
    long MemoryBytes
);
