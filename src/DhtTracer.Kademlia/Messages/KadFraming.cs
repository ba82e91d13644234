using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Messages;

/// <summary>Frames messages on a stream: a varint length, then the protobuf. <c>02 08 05</c> is a PING.</summary>
public static class KadFraming
{
    /// <summary>Returns length and message in one buffer, so they are sent in one write.</summary>
    public static byte[] Frame(KadMessage message)
    {
        var body = KadMessageCodec.Encode(message);
        var lengthSize = Varint.Length((ulong)body.Length);
        var frame = new byte[lengthSize + body.Length];
        Varint.Write(frame, (ulong)body.Length);
        body.CopyTo(frame, lengthSize);
        return frame;
    }

    /// <summary>Reads the next message; null if the stream ends before a message starts.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="limits">The limits of a message.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="KadMessageException">The frame is truncated or over the limit, or its message is invalid.</exception>
    /// <exception cref="IOException">The stream was reset or its connection is gone.</exception>
    public static async Task<KadMessage?> ReadAsync(Stream stream, KadMessageLimits limits, CancellationToken cancellationToken)
    {
        if (await ReadLengthAsync(stream, limits, cancellationToken) is not { } length)
        {
            return null;
        }

        // The announced length may be false, so allocate memory only as the bytes arrive.
        var body = new byte[Math.Min(length, 16 * 1024)];
        var read = 0;
        while (read < length)
        {
            if (read == body.Length)
            {
                Array.Resize(ref body, Math.Min(length, body.Length * 4));
            }

            var count = await stream.ReadAsync(body.AsMemory(read), cancellationToken);
            if (count == 0)
            {
                throw new KadMessageException($"the stream ended after {read} of the {length} bytes of a message");
            }

            read += count;
        }

        return KadMessageCodec.Decode(body, limits);
    }

    private static async Task<int?> ReadLengthAsync(Stream stream, KadMessageLimits limits, CancellationToken cancellationToken)
    {
        var buffer = new byte[Varint.MaxLength];
        for (var i = 0; i < buffer.Length; i++)
        {
            if (await stream.ReadAsync(buffer.AsMemory(i, 1), cancellationToken) == 0)
            {
                return i == 0 ? null : throw new KadMessageException("the stream ended inside the length of a message");
            }

            if (buffer[i] >= 0x80)
            {
                continue;
            }

            if (Varint.Read(buffer.AsSpan(0, i + 1), out var length, out _, allowOverlong: true) != MultiformatError.None)
            {
                break;
            }

            return length <= (ulong)limits.MaxMessageBytes
                ? (int)length
                : throw new KadMessageException($"a message of {length} bytes is announced, at most {limits.MaxMessageBytes} are accepted");
        }

        throw new KadMessageException("the length of a message is no varint");
    }
}
