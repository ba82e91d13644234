using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;
using DhtTracer.Ingestion.Receiving;
using Google.Protobuf;

namespace DhtTracer.Ingestion.Grpc;

/// <summary>
/// gRPC's length-prefixed messages: one byte that says whether the message is compressed, four bytes of length (big endian), the
/// message. See "Length-Prefixed-Message" in https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
/// </summary>
internal static class GrpcFraming
{
    /// <summary>Bytes before each message.</summary>
    public const int PrefixLength = 5;

    /// <summary>The one encoding besides identity.</summary>
    public const string Gzip = "gzip";

    /// <summary>Reads the next message, inflated; null at the end of the stream.</summary>
    /// <param name="input">What the peer sends.</param>
    /// <param name="encoding">The peer's <c>grpc-encoding</c>, or null.</param>
    /// <param name="maxMessageBytes">Limit on the length prefix, and again on the inflated size.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="memory">What the message is counted in, or null.</param>
    /// <exception cref="GrpcException">The framing is broken, or a limit is passed.</exception>
    /// <exception cref="BodyMemoryExhaustedException">Too much arrives at once.</exception>
    public static async ValueTask<GrpcMessage?> ReadAsync(
        PipeReader input,
        string? encoding,
        int maxMessageBytes,
        CancellationToken cancellationToken,
        BodyMemory? memory = null
    )
    {
        if (await ReadPrefixAsync(input, cancellationToken) is not var (compressed, length))
        {
            return null;
        }

        if (length > (uint)maxMessageBytes)
        {
            throw TooLarge(length, maxMessageBytes);
        }

        var message = new GrpcMessage(memory);
        try
        {
            await ReadBodyAsync(input, message, (int)length, cancellationToken);
            return compressed ? Inflate(message, encoding, maxMessageBytes, memory) : message;
        }
        catch
        {
            message.Dispose();
            throw;
        }
    }

    /// <summary>Writes a message without flushing.</summary>
    public static void Write(IBufferWriter<byte> output, IMessage message, bool compress)
    {
        if (compress)
        {
            Write(output, message.ToByteArray(), compress: true);
            return;
        }

        WritePrefix(output, compressed: false, message.CalculateSize());
        message.WriteTo(output);
    }

    /// <summary>Writes a serialized message without flushing.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlyMemory<byte> message, bool compress)
    {
        // GZipStream writes nothing at all for nothing, which would not be gzip.
        if (compress && message.Length > 0)
        {
            using var deflated = new MemoryStream();
            using (var gzip = new GZipStream(deflated, CompressionLevel.Fastest, leaveOpen: true))
            {
                gzip.Write(message.Span);
            }

            WritePrefix(output, compressed: true, (int)deflated.Length);
            output.Write(deflated.GetBuffer().AsSpan(0, (int)deflated.Length));
            return;
        }

        WritePrefix(output, compressed: false, message.Length);
        output.Write(message.Span);
    }

    private static void WritePrefix(IBufferWriter<byte> output, bool compressed, int length)
    {
        var prefix = output.GetSpan(PrefixLength);
        prefix[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], length);
        output.Advance(PrefixLength);
    }

    private static async ValueTask<(bool Compressed, uint Length)?> ReadPrefixAsync(PipeReader input, CancellationToken cancellationToken)
    {
        var read = await input.ReadAtLeastAsync(PrefixLength, cancellationToken);
        var buffer = read.Buffer;
        if (buffer.Length < PrefixLength)
        {
            var left = buffer.Length;
            input.AdvanceTo(buffer.End);
            return left == 0
                ? null
                : throw new GrpcException(
                    GrpcStatusCode.Internal,
                    $"the stream ends after {left} of the {PrefixLength} bytes before a message"
                );
        }

        var (flag, length) = DecodePrefix(buffer);
        input.AdvanceTo(buffer.GetPosition(PrefixLength));
        return flag <= 1
            ? (flag == 1, length)
            : throw new GrpcException(
                GrpcStatusCode.Internal,
                $"a message begins with the flag {flag}; 0 (plain) and 1 (compressed) exist"
            );
    }

    private static (byte Flag, uint Length) DecodePrefix(ReadOnlySequence<byte> buffer)
    {
        Span<byte> prefix = stackalloc byte[PrefixLength];
        buffer.Slice(0, PrefixLength).CopyTo(prefix);
        return (prefix[0], BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]));
    }

    private static async ValueTask ReadBodyAsync(PipeReader input, GrpcMessage message, int length, CancellationToken cancellationToken)
    {
        while (message.Length < length)
        {
            var read = await input.ReadAsync(cancellationToken);
            var available = read.Buffer.Length > length - message.Length ? read.Buffer.Slice(0, length - message.Length) : read.Buffer;
            foreach (var segment in available)
            {
                message.Append(segment.Span);
            }

            input.AdvanceTo(available.End);
            if (read.IsCompleted && message.Length < length)
            {
                throw new GrpcException(GrpcStatusCode.Internal, $"the stream ends after {message.Length} bytes of a message of {length}");
            }
        }
    }

    private static GrpcMessage Inflate(GrpcMessage compressed, string? encoding, int maxMessageBytes, BodyMemory? memory)
    {
        if (encoding is null or "identity")
        {
            throw new GrpcException(GrpcStatusCode.Internal, "a message is marked as compressed, but grpc-encoding names no compression");
        }

        if (encoding != Gzip)
        {
            throw new GrpcException(GrpcStatusCode.Unimplemented, $"grpc-encoding {encoding} is not known here; identity and gzip are");
        }

        using var deflated = compressed;
        var message = new GrpcMessage(memory);
        try
        {
            using var gzip = new GZipStream(new ReadOnlyMemoryStream(deflated.Memory), CompressionMode.Decompress);
            while (true)
            {
                var free = message.Free(1024);
                var count = gzip.Read(free);
                if (count == 0)
                {
                    break;
                }

                message.Advance(count);
                if (message.Length > maxMessageBytes)
                {
                    throw TooLarge(message.Length, maxMessageBytes);
                }
            }

            // GZipStream takes a cut-off stream for a short one; the size that ends a gzip member tells (RFC 1952, section 2.3.1).
            if (deflated.Length < 18 || BinaryPrimitives.ReadUInt32LittleEndian(deflated.Memory.Span[^4..]) != (uint)message.Length)
            {
                throw new GrpcException(GrpcStatusCode.Internal, "a gzip message ends too early");
            }

            return message;
        }
        catch (InvalidDataException e)
        {
            message.Dispose();
            throw new GrpcException(GrpcStatusCode.Internal, $"a message marked as gzip is not: {e.Message}", e);
        }
        catch (Exception e) when (e is GrpcException or BodyMemoryExhaustedException)
        {
            message.Dispose();
            throw;
        }
    }

    private static GrpcException TooLarge(long size, int limit) =>
        new(GrpcStatusCode.ResourceExhausted, $"a message of {size} bytes or more passes the limit of {limit} bytes");

    /// <summary>A stream over memory that is not an array of its own.</summary>
    private sealed class ReadOnlyMemoryStream(ReadOnlyMemory<byte> memory) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => memory.Length;

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, memory.Length - _position);
            memory.Span.Slice(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
