using System.Buffers;
using System.IO.Compression;
using ZstdSharp;

namespace DhtTracer.Storage.Inbox;

/// <summary>How the bytes of a stored message are compressed. The number is stored with the bytes.</summary>
public enum BodyEncoding
{
    /// <summary>Not compressed.</summary>
    Identity = 0,

    /// <summary>gzip (RFC 1952).</summary>
    Gzip = 1,

    /// <summary>zstd (RFC 8878).</summary>
    Zstd = 2,

    /// <summary>Brotli (RFC 7932). Schema 7 and older stored waiting spans in this form.</summary>
    Brotli = 3,
}

/// <summary>Compresses and decompresses stored messages.</summary>
public static class BodyEncodings
{
    /// <summary>Maximum size of a message in bytes. Receivers reject larger ones, so a larger one is damaged.</summary>
    private const int MaxInflated = 1 << 30;

    // Messages wait for seconds, so speed counts more than size.
    private const int Level = 1;

    /// <summary>Compresses a message for the inbox. Small ones are only copied.</summary>
    public static (byte[] Data, BodyEncoding Encoding) Compress(ReadOnlySpan<byte> otlp)
    {
        const int WorthIt = 1024;
        if (otlp.Length < WorthIt)
        {
            return (otlp.ToArray(), BodyEncoding.Identity);
        }

        using var compressor = new Compressor(Level);
        var buffer = ArrayPool<byte>.Shared.Rent(Compressor.GetCompressBound(otlp.Length));
        try
        {
            return (buffer.AsSpan(0, compressor.Wrap(otlp, buffer)).ToArray(), BodyEncoding.Zstd);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Decompresses a stored message.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static ReadOnlyMemory<byte> Inflate(byte[] data, BodyEncoding encoding)
    {
        if (encoding == BodyEncoding.Identity)
        {
            return data;
        }

        var output = new ArrayBufferWriter<byte>(Math.Max(4096, data.Length * 4));
        using var stream = Open(new MemoryStream(data, writable: false), encoding);
        try
        {
            while (true)
            {
                var read = stream.Read(output.GetSpan(1024));
                if (read == 0)
                {
                    return output.WrittenMemory;
                }

                output.Advance(read);
                if (output.WrittenCount > MaxInflated)
                {
                    throw new InvalidDataException($"A stored message is damaged: it has more than {MaxInflated} bytes.");
                }
            }
        }
        catch (Exception error) when (error is ZstdException or EndOfStreamException or InvalidOperationException)
        {
            throw new InvalidDataException($"A stored message is damaged: {error.Message}", error);
        }
    }

    private static Stream Open(MemoryStream data, BodyEncoding encoding) =>
        encoding switch
        {
            BodyEncoding.Gzip => new GZipStream(data, CompressionMode.Decompress),
            BodyEncoding.Zstd => new DecompressionStream(data),
            BodyEncoding.Brotli => new BrotliStream(data, CompressionMode.Decompress),
            _ => throw new InvalidDataException($"A stored message is packed in way {(int)encoding}, which this version does not know."),
        };
}
