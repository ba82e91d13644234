using DhtTracer.Ingestion.Receiving;

namespace DhtTracer.Ingestion.Otlp;

/// <summary>Options of the OTLP receivers.</summary>
public sealed record OtlpOptions
{
    /// <summary>Maximum size of a body or message as sent, in bytes.</summary>
    /// <value>The default is 16 MiB.</value>
    public int MaxCompressedBytes { get; init; } = 16 << 20;

    /// <summary>Maximum size of a body or message after decompression, in bytes.</summary>
    /// <value>The default is 64 MiB.</value>
    public int MaxInflatedBytes { get; init; } = 64 << 20;

    internal BodyLimits Body => new(MaxCompressedBytes, MaxInflatedBytes);

    /// <summary>How long a sender is asked to wait if too much is waiting for the database.</summary>
    /// <value>The default is 1 second.</value>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);
}
