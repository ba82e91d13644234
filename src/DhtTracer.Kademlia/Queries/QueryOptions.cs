using DhtTracer.Kademlia.Lookups;

namespace DhtTracer.Kademlia.Queries;

/// <summary>Options of one query. A null value comes from <see cref="DhtOptions"/>.</summary>
public sealed record QueryOptions
{
    public static QueryOptions Default { get; } = new();

    /// <summary>Maximum duration.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>get-providers: number of providers wanted; get-value: number of valid records wanted. 0 for all.</summary>
    public int? Count { get; init; }

    /// <summary>The key as the caller wrote it, for the trace; null for its canonical text.</summary>
    public string? KeyText { get; init; }

    /// <summary>Additional observers of the query.</summary>
    public IReadOnlyList<IQueryObserver> Observers { get; init; } = [];

    /// <summary>Whether the node makes the query for itself.</summary>
    internal bool Background { get; init; }
}
