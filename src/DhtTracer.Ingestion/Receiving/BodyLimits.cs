namespace DhtTracer.Ingestion.Receiving;

/// <summary>How large a request body may be.</summary>
/// <param name="MaxCompressedBytes">Largest body as it is sent, in bytes.</param>
/// <param name="MaxInflatedBytes">Largest body after inflating, in bytes.</param>
public readonly record struct BodyLimits(int MaxCompressedBytes, int MaxInflatedBytes);
