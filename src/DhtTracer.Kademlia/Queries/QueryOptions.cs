namespace DhtTracer.Kademlia;

/// <summary>Options of one query; what is null comes from <see cref="DhtOptions"/>.</summary>
public sealed record QueryOptions
{
    /// <summary>Nothing special.</summary>
    public static QueryOptions Default { get; } = new();

    /// <summary>Longest duration.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>get-providers: providers wanted; get-value: valid records wanted. 0 for all.</summary>
    public int? Count { get; init; }

    /// <summary>The key as the caller wrote it, for the trace; null for its canonical text.</summary>
    public string? KeyText { get; init; }

    /// <summary>Who else sees the query's steps.</summary>
    public IReadOnlyList<IQueryObserver> Observers { get; init; } = [];

    /// <summary>The node does it for itself.</summary>
    internal bool Background { get; init; }
}
