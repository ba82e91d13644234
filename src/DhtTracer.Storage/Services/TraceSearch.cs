using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Services;

/// <summary>An operation of a service, as Jaeger's query API lists it.</summary>
/// <param name="Name">Span name.</param>
/// <param name="Kind">Span kind.</param>
public sealed record ServiceOperation(string Name, SpanKind Kind);

/// <summary>
/// Finds candidate traces by service. Every trace with one span that matches all conditions is found. A trace may also be found if only
/// several of its spans together match. The caller decides, after it has decoded the spans and checked their tags.
/// </summary>
public sealed record TraceSearch
{
    /// <summary><c>service.name</c>; null for any. Empty finds spans whose resource has none.</summary>
    public string? Service { get; init; }

    /// <summary>Span name; null for any.</summary>
    public string? Operation { get; init; }

    /// <summary>Start of a span, at or after. In nanoseconds since 1970-01-01 UTC.</summary>
    public ulong? FromUnixNano { get; init; }

    /// <summary>Start of a span, at or before. In nanoseconds since 1970-01-01 UTC.</summary>
    public ulong? ToUnixNano { get; init; }

    /// <summary>Minimum duration of a span, in nanoseconds.</summary>
    public long? MinDurationNs { get; init; }

    /// <summary>Maximum duration of a span, in nanoseconds.</summary>
    public long? MaxDurationNs { get; init; }

    /// <summary>Maximum number of traces. Traces whose matching spans started last come first.</summary>
    /// <value>The default is no limit.</value>
    public int Limit { get; init; } = int.MaxValue;
}
