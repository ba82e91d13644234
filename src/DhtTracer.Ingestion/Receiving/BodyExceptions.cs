namespace DhtTracer.Ingestion.Receiving;

/// <summary>A body is larger than the receiver takes. The message says by which limit.</summary>
public sealed class BodyTooLargeException(string message) : Exception(message);

/// <summary>A body is compressed in a way that the receiver does not know.</summary>
public sealed class UnknownEncodingException(string encoding)
    : Exception($"Content-Encoding \"{encoding}\" is not known; send gzip, zstd, zlib, deflate or identity.")
{
    /// <summary>What the sender called it.</summary>
    public string Encoding { get; } = encoding;
}
