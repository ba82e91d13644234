using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Storage;

/// <summary>By what operations can be told apart, and how many there are of each; most frequent first.</summary>
public sealed record OperationFacets
{
    /// <summary>Operations that were read.</summary>
    public required int Operations { get; init; }

    /// <summary>When the latest of them started, in nanoseconds since 1970-01-01 UTC; null when there are none.</summary>
    public ulong? LastUnixNano { get; init; }

    /// <summary>There are more operations; the older ones were not read.</summary>
    public required bool IsCut { get; init; }

    /// <summary>By type.</summary>
    public required ImmutableArray<NamedCount> Types { get; init; }

    /// <summary>By <c>service.name</c>, where it is known.</summary>
    public required ImmutableArray<NamedCount> Services { get; init; }

    /// <summary>By peer id of the querying node, where it is known.</summary>
    public required ImmutableArray<NamedCount> Nodes { get; init; }

    /// <summary>By whose spans they are.</summary>
    public required ImmutableArray<NamedCount> Sources { get; init; }

    /// <summary>By alpha, where it is known.</summary>
    public required ImmutableArray<NamedCount> Alphas { get; init; }

    /// <summary>Operations that met a peer of an agent version, by agent version.</summary>
    public required ImmutableArray<NamedCount> Agents { get; init; }
}
