using System.Buffers;
using System.IO.Compression;

namespace DhtTracer.Storage.Sqlite.Traces;

/// <summary>How spans are packed. The number is stored with the bytes.</summary>
internal enum BlobCodec
{
    /// <summary>Brotli over OTLP.</summary>
    Brotli = 1,

    /// <summary>Brotli over OTLP with peer ids replaced by <see cref="PeerSubstitution"/>.</summary>
    BrotliPeers = 2,
}

/// <summary>Compresses OTLP. docs/adr/0019 has the measurements behind the levels.</summary>
internal static class TraceBlob
{
    // Larger traces are rejected on arrival. A damaged length must not allocate more.
    private const int MaxInflated = int.MaxValue - 64;

    /// <summary>Brotli's quality.</summary>
    public const int DenseQuality = 2;

    private const int Window = 22;

    public static byte[] Compress(ReadOnlySpan<byte> data, int quality)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(data.Length));
        try
        {
            if (!BrotliEncoder.TryCompress(data, buffer, out var written, quality, Window))
            {
                throw new InvalidOperationException("Brotli did not fit into its own upper bound.");
            }

            return buffer.AsSpan(0, written).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Decompresses and appends to <paramref name="destination"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Inflate(ReadOnlySpan<byte> data, ArrayBufferWriter<byte> destination)
    {
        using var decoder = new BrotliDecoder();
        while (true)
        {
            var room = destination.GetSpan(Math.Max(4096, Math.Min(data.Length * 4, 1 << 20)));
            var status = decoder.Decompress(data, room, out var consumed, out var written);
            data = data[consumed..];
            destination.Advance(written);
            if (status == OperationStatus.Done)
            {
                return;
            }

            if (status != OperationStatus.DestinationTooSmall || destination.WrittenCount > MaxInflated - (1 << 20))
            {
                throw new InvalidDataException($"A stored trace is damaged: Brotli says {status} after {destination.WrittenCount} bytes.");
            }
        }
    }
}
