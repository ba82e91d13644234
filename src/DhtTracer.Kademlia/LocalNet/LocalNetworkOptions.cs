namespace DhtTracer.Kademlia.LocalNet;

/// <summary>The fault of a node in a local network.</summary>
public enum NodeFault
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Each answer is late by <see cref="FaultShare.Latency"/>.</summary>
    Slow = 1,

    /// <summary>Its port is closed: dials are refused.</summary>
    Dead = 2,

    /// <summary>Its port accepts connections but nothing is sent: dials time out.</summary>
    Silent = 3,

    /// <summary>It accepts connections but never answers a request.</summary>
    BlackHole = 4,

    /// <summary>It does not answer some of the requests, see <see cref="FaultShare.DropRate"/>.</summary>
    Drops = 5,

    /// <summary>It names peers that do not exist.</summary>
    NamesDeadPeers = 6,

    /// <summary>It names every peer twice.</summary>
    NamesPeersTwice = 7,

    /// <summary>It does not speak the DHT protocol any more.</summary>
    RefusesProtocol = 8,
}

/// <summary>Which share of the nodes has a fault.</summary>
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

public sealed record LocalNetworkOptions
{
    /// <summary>Number of nodes, 2 to 1000.</summary>
    /// <value>100.</value>
    public int Count { get; init; } = 100;

    /// <summary>Determines the peer ids, the faulty nodes and the dropped requests.</summary>
    /// <value>1.</value>
    public int Seed { get; init; } = 1;

    /// <summary>Faults, which start when all nodes have found each other. The first nodes are bootstrap peers and have none.</summary>
    public IReadOnlyList<FaultShare> Faults { get; init; } = [];

    /// <summary>
    /// Delays every answer by the latency of its node, which is evenly distributed between 0 and this value; zero for none. Starts when all
    /// nodes have found each other.
    /// </summary>
    /// <value>Zero.</value>
    public TimeSpan MaxLatency { get; init; }

    /// <summary>TCP port of the first node; the others use the following ports. 0 for free ports.</summary>
    /// <value>0.</value>
    public int FirstPort { get; init; }

    /// <summary>File to write the bootstrap peers to, one multiaddr per line; null for none.</summary>
    public string? BootstrapFile { get; init; }

    /// <summary>Options of every node.</summary>
    /// <value>No refresh of routing tables, no spans.</value>
    public DhtOptions Dht { get; init; } = new() { RefreshInterval = Timeout.InfiniteTimeSpan, Traced = false };

    /// <summary>Validates all options.</summary>
    /// <exception cref="DhtOptionsException">An option is out of range. The text names it and the allowed range.</exception>
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

/// <summary>The state of a local network at one moment.</summary>
/// <param name="Nodes">Number of running nodes.</param>
/// <param name="Connections">Number of open connections, each counted at both ends.</param>
/// <param name="Requests">Number of requests received since the start.</param>
/// <param name="RoutingTableMin">Number of peers in the smallest routing table.</param>
/// <param name="RoutingTableMax">Number of peers in the largest routing table.</param>
/// <param name="MemoryBytes">Working set of the process, in bytes.</param>
public sealed record LocalNetworkStats(
    int Nodes,
    int Connections,
    long Requests,
    int RoutingTableMin,
    int RoutingTableMax,
    long MemoryBytes
);
