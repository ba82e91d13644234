using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Network;

/// <summary>What the lookups of a time show of a network. Definitions: <c>docs/network.md</c>.</summary>
public sealed record NetworkReport
{
    /// <summary>Lookups that asked somebody, background ones included.</summary>
    public required int Lookups { get; init; }

    /// <summary>Whether there are older lookups that were not read.</summary>
    public required bool HasOlder { get; init; }

    /// <summary>Start of the first lookup, in nanoseconds since 1970-01-01 UTC; null without lookups.</summary>
    public ulong? FirstUnixNano { get; init; }

    /// <summary>Start of the last lookup.</summary>
    public ulong? LastUnixNano { get; init; }

    /// <summary>Lookups with a closest set.</summary>
    public required int ClosestSets { get; init; }

    /// <summary>
    /// Networks that the lookups with a closest set are of: lookups that share no peer, not even over others, are of different ones.
    /// </summary>
    public required int Networks { get; init; }

    /// <summary>Distinct keys of the closest sets of the network with most keys. It tells size, density and recall.</summary>
    public required int Keys { get; init; }

    /// <summary>Peers that answer; null with too few keys.</summary>
    public NetworkSize? Size { get; init; }

    /// <summary>Density by part of the key space; empty with too few keys for two parts.</summary>
    public ImmutableArray<PrefixDensity> Density { get; init; } = [];

    /// <summary>How many of the peers near their keys lookups found; null when none can be judged.</summary>
    public RecallSummary? Recall { get; init; }

    /// <summary>
    /// Lookups of all networks whose closest set is nearer than chance allows, by the other keys of its network; most surprising first.
    /// </summary>
    public ImmutableArray<EclipseVerdict> Suspicious { get; init; } = [];

    /// <summary>Dead peers in answers; null when no trace lists whom answers named.</summary>
    public DeadNamed? Dead { get; init; }

    /// <summary>The distinct peers.</summary>
    public required ObservedPeers Peers { get; init; }
}

/// <summary>Peers that answers named and that could not be reached by the same lookup.</summary>
/// <param name="Lookups">Lookups whose traces list whom answers named.</param>
/// <param name="Tried">Peers named whose end is known, each once for each answer that named it.</param>
/// <param name="Dead">Those that failed.</param>
/// <param name="Namers">Distinct peers that named them.</param>
/// <param name="Worst">The peers that named the greatest share of dead ones, of those that named at least 20.</param>
public sealed record DeadNamed(int Lookups, long Tried, long Dead, int Namers, ImmutableArray<DeadNamer> Worst)
{
    internal const int FewestTried = 20;
    internal const int MostNamed = 20;

    /// <summary>Share of dead ones, 0 to 1.</summary>
    public double Share => (double)Dead / Tried;
}

/// <summary>A peer that named dead ones.</summary>
/// <param name="Peer">Peer id in base58.</param>
/// <param name="Tried">Peers that it named whose end is known.</param>
/// <param name="Dead">Those that failed.</param>
public sealed record DeadNamer(string Peer, int Tried, int Dead)
{
    /// <summary>Share of dead ones, 0 to 1.</summary>
    public double Share => (double)Dead / Tried;
}

/// <summary>The distinct peers that lookups dialed or asked.</summary>
public sealed record ObservedPeers
{
    /// <summary>Name of an unknown error class.</summary>
    internal const string Unknown = "unknown";

    /// <summary>Peers that were dialed or asked.</summary>
    public required int Asked { get; init; }

    /// <summary>Peers that answered at least once.</summary>
    public required int Answered { get; init; }

    /// <summary>Peers that never answered and failed at least once.</summary>
    public required int Unreachable { get; init; }

    /// <summary>Peers that neither answered nor failed: every attempt was cut off, or the trace does not show its end.</summary>
    public int Open => Asked - Answered - Unreachable;

    /// <summary>Peers that are known not to speak the DHT's protocol, and never answered.</summary>
    public required int WithoutDht { get; init; }

    /// <summary>Unreachable peers by the error class of their latest failure, most frequent first.</summary>
    public required ImmutableArray<NamedCount> ByError { get; init; }

    /// <summary>Peers by the transport of their first address, most frequent first; unknown last.</summary>
    public required ImmutableArray<PeerGroup> ByTransport { get; init; }

    /// <summary>Peers by their latest agent version, most frequent first; unknown last.</summary>
    public required ImmutableArray<PeerGroup> ByAgent { get; init; }
}

/// <summary>Peers that have something in common.</summary>
/// <param name="Name">What; null for the peers of which it is unknown. Hostile text.</param>
/// <param name="Peers">Peers.</param>
/// <param name="Answered">Those that answered at least once.</param>
/// <param name="Unreachable">Those that never answered and failed at least once.</param>
/// <param name="WithoutDht">Those that are known not to speak the DHT's protocol.</param>
public sealed record PeerGroup(string? Name, int Peers, int Answered, int Unreachable, int WithoutDht)
{
    /// <summary>Unreachable peers, as a share of those whose end is known; null without any.</summary>
    public double? UnreachableShare => Answered + Unreachable == 0 ? null : (double)Unreachable / (Answered + Unreachable);
}
