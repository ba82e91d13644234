namespace DhtTracer.Jaeger.QueryApi;

/// <summary>How the Jaeger-compatible query API answers.</summary>
public sealed record JaegerApiOptions
{
    /// <summary>Traces that an answer of HTTP v1 or v3 may hold, whatever limit was asked for.</summary>
    /// <value>10,000.</value>
    public int MaxTraces { get; init; } = 10_000;

    /// <summary>Largest body of <c>POST /api/transform</c>, in bytes.</summary>
    /// <value>64 MiB.</value>
    public int MaxTransformBytes { get; init; } = 64 << 20;
}
