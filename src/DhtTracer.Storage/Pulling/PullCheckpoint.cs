namespace DhtTracer.Storage.Pulling;

/// <summary>How far one service of one Jaeger has been pulled.</summary>
public sealed record PullCheckpoint
{
    /// <summary>The Jaeger, by its address as configured.</summary>
    public required string Source { get; init; }

    /// <summary>The service pulled.</summary>
    public required string Service { get; init; }

    /// <summary>Every trace with a span of this service that started before this is stored. In nanoseconds since 1970-01-01 UTC.</summary>
    public required long CompleteUntilUnixNano { get; init; }

    /// <summary>When this checkpoint was written, in nanoseconds since 1970-01-01 UTC.</summary>
    public required long UpdatedUnixNano { get; init; }

    /// <summary>Number of traces pulled so far.</summary>
    public long Traces { get; init; }

    /// <summary>Number of spans pulled so far.</summary>
    public long Spans { get; init; }

    /// <summary>The puller's own state, such as windows that have not settled. At most 1 MiB.</summary>
    public string State { get; init; } = "";
}
