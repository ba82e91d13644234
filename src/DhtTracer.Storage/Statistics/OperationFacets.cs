using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Storage.Statistics;

/// <summary>How many operations there are per type, service, node, source, alpha and agent; most frequent first.</summary>
public sealed record OperationFacets
{
    /// <summary>Number of operations.</summary>
    public required int Operations { get; init; }

    /// <summary>Start of the latest of them, in nanoseconds since 1970-01-01 UTC; null if there are none.</summary>
    public ulong? LastUnixNano { get; init; }

    /// <summary>By type.</summary>
    public required ImmutableArray<NamedCount> Types { get; init; }

    /// <summary>By <c>service.name</c>, if known.</summary>
    public required ImmutableArray<NamedCount> Services { get; init; }

    /// <summary>By peer id of the querying node, if known.</summary>
    public required ImmutableArray<NamedCount> Nodes { get; init; }

    /// <summary>By dialect of the spans.</summary>
    public required ImmutableArray<NamedCount> Sources { get; init; }

    /// <summary>By alpha, if known.</summary>
    public required ImmutableArray<NamedCount> Alphas { get; init; }

    /// <summary>By agent version: number of operations that met a peer with it.</summary>
    public required ImmutableArray<NamedCount> Agents { get; init; }
}
