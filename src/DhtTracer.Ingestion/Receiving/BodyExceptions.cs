namespace DhtTracer.Ingestion.Receiving;

/// <summary>A body exceeds a limit of the receiver. The message names the limit.</summary>
public sealed class BodyTooLargeException(string message) : Exception(message);

/// <summary>A body has an unknown compression.</summary>
public sealed class UnknownEncodingException(string encoding)
    : Exception($"Content-Encoding \"{encoding}\" is not known; send gzip, zstd, zlib, deflate or identity.")
{
    /// <summary>The name of the compression, as sent.</summary>
    public string Encoding { get; } = encoding;
}
