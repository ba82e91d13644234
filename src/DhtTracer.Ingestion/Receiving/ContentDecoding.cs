using System.Buffers.Binary;
using System.IO.Compression;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>
/// Decompresses a body by its <c>Content-Encoding</c>, for everything that exporters and the OpenTelemetry Collector (<c>compression:</c>
/// of its otlphttp exporter) send: gzip (RFC 1952), zlib (RFC 1950), deflate and zstd (RFC 8878). RFC 9110 defines deflate as zlib, but
/// some senders use bare RFC 1951; both are accepted.
/// </summary>
internal static class ContentDecoding
{
    /// <summary>Maximum zstd window, as a power of two: 32 MiB, the largest that common encoders use.</summary>
    private const int MaxWindowLog = 25;

    // Magic number, frame header descriptor, content size.
    private const int ZstdHeaderBytes = 4 + 1 + 8;

    /// <summary>
    /// Returns the decompressed body. Reading it throws <see cref="InvalidDataException"/> if it is damaged or truncated.
    /// </summary>
    /// <param name="encoding">The value of the header; empty for none.</param>
    /// <param name="sent">The body as sent.</param>
    /// <param name="memory">Counts the decoder's own memory until the stream is disposed.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="UnknownEncodingException">The encoding is unknown.</exception>
    /// <exception cref="InvalidDataException">A zstd frame needs a window larger than 32 MiB.</exception>
    /// <exception cref="BodyMemoryExhaustedException">Too much is arriving at once.</exception>
    public static async ValueTask<Stream> OpenAsync(string encoding, Stream sent, BodyMemory memory, CancellationToken cancellationToken)
    {
        switch (encoding.ToUpperInvariant())
        {
            case "" or "IDENTITY":
                return sent;
            case "GZIP" or "X-GZIP":
                return new GZipStream(sent, CompressionMode.Decompress);
            case "ZLIB":
                return new ZLibStream(sent, CompressionMode.Decompress);
            case "DEFLATE":
                var head = new byte[2];
                var read = await sent.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
                var whole = new PrefixedStream(head.AsMemory(0, read), sent);
                return read == 2 && (head[0] & 0x0F) == 8 && BinaryPrimitives.ReadUInt16BigEndian(head) % 31 == 0
                    ? new ZLibStream(whole, CompressionMode.Decompress)
                    : new DeflateStream(whole, CompressionMode.Decompress);
            case "ZSTD":
                var header = new byte[ZstdHeaderBytes];
                var known = await sent.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken);
                return new ZstdStream(new PrefixedStream(header.AsMemory(0, known), sent), memory, ZstdWindow(header.AsSpan(0, known)));
            default:
                throw new UnknownEncodingException(encoding.Length > 40 ? encoding[..40] : encoding);
        }
    }

    /// <summary>Same as <see cref="OpenAsync"/> with zstd, for bytes that are already complete.</summary>
    public static Stream OpenZstd(Stream sent, BodyMemory memory)
    {
        var header = new byte[ZstdHeaderBytes];
        var known = sent.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        return new ZstdStream(new PrefixedStream(header.AsMemory(0, known), sent), memory, ZstdWindow(header.AsSpan(0, known)));
    }

    /// <summary>Window size of the first frame, in bytes: the memory that the decoder keeps (RFC 8878, section 3.1.1.1).</summary>
    internal static long ZstdWindow(ReadOnlySpan<byte> start)
    {
        const long Most = 1L << MaxWindowLog;
        if (start.Length < ZstdHeaderBytes)
        {
            // Too short to need a significant window.
            return 0;
        }

        var descriptor = start[4];
        if ((descriptor & 0x20) == 0)
        {
            var exponent = 10 + (start[5] >> 3);
            return exponent > MaxWindowLog ? Most : (1L << exponent) + ((1L << exponent) / 8 * (start[5] & 7));
        }

        // A single segment: the window is the whole content. Its size follows the dictionary id.
        var at =
            5
            + (
                (descriptor & 3) switch
                {
                    0 => 0,
                    1 => 1,
                    2 => 2,
                    _ => 4,
                }
            );
        ulong size = (descriptor >> 6) switch
        {
            0 => start[at],
            1 => BinaryPrimitives.ReadUInt16LittleEndian(start[at..]) + 256UL,
            2 => BinaryPrimitives.ReadUInt32LittleEndian(start[at..]),
            _ => at + 8 <= start.Length ? BinaryPrimitives.ReadUInt64LittleEndian(start[at..]) : ulong.MaxValue,
        };
        return (long)Math.Min(size, (ulong)Most);
    }

    /// <summary>Returns a few bytes that were already read, then the rest.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : ReadOnlyStream
    {
        private ReadOnlyMemory<byte> _left = prefix;

        public override int Read(byte[] buffer, int offset, int count) =>
            _left.IsEmpty ? rest.Read(buffer, offset, count) : Take(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _left.IsEmpty ? rest.ReadAsync(buffer, cancellationToken) : ValueTask.FromResult(Take(buffer.Span));

        private int Take(Span<byte> into)
        {
            var count = Math.Min(into.Length, _left.Length);
            _left.Span[..count].CopyTo(into);
            _left = _left[count..];
            return count;
        }
    }

    /// <summary>A zstd body that throws the same exceptions as the framework's decoders, and counts its window.</summary>
    private sealed class ZstdStream : ReadOnlyStream
    {
        private readonly DecompressionStream _inner;
        private readonly BodyMemory _memory;
        private long _taken;

        public ZstdStream(Stream sent, BodyMemory memory, long window)
        {
            memory.Take(window);
            _memory = memory;
            _taken = window;
            _inner = new DecompressionStream(sent, checkEndOfStream: true, leaveOpen: true);
            _inner.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaxWindowLog);
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            try
            {
                return _inner.Read(buffer, offset, count);
            }
            catch (Exception error) when (error is ZstdException or EndOfStreamException)
            {
                throw Damaged(error);
            }
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await _inner.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception error) when (error is ZstdException or EndOfStreamException)
            {
                throw Damaged(error);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _inner.Dispose();
                _memory.Return(Interlocked.Exchange(ref _taken, 0));
            }

            base.Dispose(disposing);
        }

        private static InvalidDataException Damaged(Exception error) =>
            new($"The zstd body is damaged, cut off, or needs a window above {1 << (MaxWindowLog - 20)} MiB ({error.Message}).", error);
    }
}
