using DhtTracer.Ingestion.Receiving;

namespace DhtTracer.Jaeger.Receiving;

/// <summary>What the Jaeger and Zipkin receivers take.</summary>
public sealed record JaegerReceiverOptions
{
    /// <summary>Largest message or body, in bytes, both as sent and after inflating.</summary>
    /// <value>16 MiB.</value>
    public int MaxMessageBytes { get; init; } = 16 << 20;

    /// <summary>How long a sender is asked to wait when too much waits for the database.</summary>
    /// <value>1 second.</value>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    internal BodyLimits Body => new(MaxMessageBytes, MaxMessageBytes);
}
