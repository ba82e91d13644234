using DhtTracer.Ingestion.Receiving;

namespace DhtTracer.Ingestion.Otlp;

/// <summary>What the OTLP receivers take.</summary>
public sealed record OtlpOptions
{
    /// <summary>Largest body or message as it is sent, in bytes.</summary>
    /// <value>The default is 16 MiB.</value>
    public int MaxCompressedBytes { get; init; } = 16 << 20;

    /// <summary>Largest body or message after inflating, in bytes.</summary>
    /// <value>The default is 64 MiB.</value>
    public int MaxInflatedBytes { get; init; } = 64 << 20;

    internal BodyLimits Body => new(MaxCompressedBytes, MaxInflatedBytes);

    /// <summary>How long a sender is asked to wait when too much waits for the database.</summary>
    /// <value>The default is 1 second.</value>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);
}
