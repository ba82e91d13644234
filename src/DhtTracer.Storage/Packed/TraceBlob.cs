using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Compression;
using ZstdSharp;

namespace DhtTracer.Storage.Packed;

/// <summary>How spans are packed. The number is stored with the bytes.</summary>
internal enum BlobCodec
{
    /// <summary>Brotli over OTLP. Only read: versions before zstd wrote it.</summary>
    Brotli = 1,

    /// <summary>Brotli over OTLP with peer ids replaced by <see cref="PeerSubstitution"/>. Only read.</summary>
    BrotliPeers = 2,

    /// <summary>zstd (RFC 8878) over OTLP.</summary>
    Zstd = 3,

    /// <summary>zstd over OTLP with peer ids replaced by <see cref="PeerSubstitution"/>.</summary>
    ZstdPeers = 4,
}

/// <summary>Compresses OTLP. docs/adr/0019 has the measurements behind the level.</summary>
internal static class TraceBlob
{
    /// <summary>zstd's level.</summary>
    public const int Level = 3;

    // Larger traces are rejected on arrival. A damaged length must not allocate more.
    private const int MaxInflated = int.MaxValue - 64;

    // A compressor has tables of a megabyte, so they are used again. There are as many as threads that pack at once.
    private static readonly ConcurrentBag<Compressor> Compressors = [];

    /// <summary>Compresses with zstd. Each frame tells its size.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> data)
    {
        var compressor = Compressors.TryTake(out var used) ? used : new Compressor(Level);
        var buffer = ArrayPool<byte>.Shared.Rent(Compressor.GetCompressBound(data.Length));
        try
        {
            return buffer.AsSpan(0, compressor.Wrap(data, buffer)).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            Compressors.Add(compressor);
        }
    }

    /// <summary>Decompresses and appends to <paramref name="destination"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Inflate(ReadOnlySpan<byte> data, bool isBrotli, ArrayBufferWriter<byte> destination)
    {
        if (isBrotli)
        {
            InflateBrotli(data, destination);
            return;
        }

        try
        {
            using var decompressor = new Decompressor();
            var size = Decompressor.GetDecompressedSize(data);
            if (data.IsEmpty || size > (ulong)(MaxInflated - destination.WrittenCount) || size > MostOf(data.Length))
            {
                throw new InvalidDataException($"A stored trace is damaged: {data.Length} bytes announce {size}.");
            }

            destination.Advance(decompressor.Unwrap(data, destination.GetSpan((int)size)));
        }
        catch (ZstdException error)
        {
            throw new InvalidDataException($"A stored trace is damaged: {error.Message}", error);
        }
    }

    /// <summary>A block of at most 128 KiB takes at least 4 bytes, so a damaged size cannot allocate more than this.</summary>
    private static ulong MostOf(int packed) => ((ulong)packed / 4 + 1) * (128 << 10);

    private static void InflateBrotli(ReadOnlySpan<byte> data, ArrayBufferWriter<byte> destination)
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
