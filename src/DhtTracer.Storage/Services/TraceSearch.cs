namespace DhtTracer.Storage;

/// <summary>An operation of a service, as Jaeger's query API lists it.</summary>
/// <param name="Name">Span name.</param>
/// <param name="Kind">Span kind.</param>
public sealed record ServiceOperation(string Name, Traces.SpanKind Kind);

/// <summary>
/// Candidates for a search by service: every trace that has a span which matches all of this is found, and a trace may be found whose
/// spans match only together; whoever decodes the spans, to look at their tags, decides.
/// </summary>
public sealed record TraceSearch
{
    /// <summary><c>service.name</c>; null for any. Empty finds spans whose resource does not tell it.</summary>
    public string? Service { get; init; }

    /// <summary>Span name; null for any.</summary>
    public string? Operation { get; init; }

    /// <summary>A span started at or after, in nanoseconds since 1970-01-01 UTC.</summary>
    public ulong? FromUnixNano { get; init; }

    /// <summary>A span started at or before.</summary>
    public ulong? ToUnixNano { get; init; }

    /// <summary>A span took at least this many nanoseconds.</summary>
    public long? MinDurationNs { get; init; }

    /// <summary>A span took at most this many nanoseconds.</summary>
    public long? MaxDurationNs { get; init; }

    /// <summary>Traces at most; those whose matching spans started last come first.</summary>
    /// <value>The default is all of them.</value>
    public int Limit { get; init; } = int.MaxValue;
}
