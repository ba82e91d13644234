namespace DhtTracer.Ingestion.Receiving;

/// <summary>The limits of a request body.</summary>
/// <param name="MaxCompressedBytes">Maximum size as sent, in bytes.</param>
/// <param name="MaxInflatedBytes">Maximum size after decompression, in bytes.</param>
public readonly record struct BodyLimits(int MaxCompressedBytes, int MaxInflatedBytes);
