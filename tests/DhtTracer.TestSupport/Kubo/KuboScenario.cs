namespace DhtTracer.TestSupport.Kubo;

/// <summary>What a simulated Kubo does.</summary>
public enum KuboOperation
{
    FindPeer,
    FindProviders,
    Provide,
    PutValue,
    GetValue,
    GetClosestPeers,

    /// <summary>GetClosestPeers below the routing-table refresh.</summary>
    Refresh,
}

/// <summary>A simulated query: the network's shares and what happens to it.</summary>
public sealed record KuboScenario
{
    public KuboOperation Operation { get; init; } = KuboOperation.FindPeer;

    /// <summary>Whether what is looked for exists.</summary>
    public bool Exists { get; init; } = true;

    /// <summary>The peers of the network, the same for many queries; null for new ones.</summary>
    public KuboPopulation? Population { get; init; }

    /// <summary>Peers in the network, when there is no population.</summary>
    public int NetworkSize { get; init; } = 3000;

    /// <summary>Peers in the routing table that the lookup begins with; 0 is the empty LAN table.</summary>
    public int Seeds { get; init; } = 20;

    /// <summary>Share of peers that cannot be dialed.</summary>
    public double DeadShare { get; init; } = 0.2;

    /// <summary>Share of peers that accept a connection and never answer.</summary>
    public double MuteShare { get; init; } = 0.03;

    /// <summary>Share of peers to which the node is connected already.</summary>
    public double ConnectedShare { get; init; } = 0.15;

    /// <summary>Share of answers that name the querying node itself.</summary>
    public double NamesNodeShare { get; init; } = 0.1;

    /// <summary>Addresses of a peer at most.</summary>
    public int Addresses { get; init; } = 2;

    /// <summary>When the caller cancels; null when it does not.</summary>
    public TimeSpan? CancelAfter { get; init; }

    /// <summary>Whether the resource holds the node's peer id as <c>service.instance.id</c>.</summary>
    public bool ResourceTellsNode { get; init; } = true;

    /// <summary>Whether the method is below <c>Dual.*</c>, with an empty LAN lookup beside it.</summary>
    public bool Dual { get; init; }
}
