using System.Buffers;
using System.Buffers.Binary;
using DhtTracer.Libp2p.Streams;

namespace DhtTracer.Libp2p.Noise;

/// <summary>An authenticated, encrypted connection that carries messages.</summary>
internal interface IMessageChannel : IDisposable
{
    /// <summary>Reads the next bytes from the remote, at least one; empty at the end. Valid until the next call.</summary>
    ValueTask<ReadOnlyMemory<byte>> ReadAsync();

    /// <summary>Sends bytes. One caller at a time.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Releases what only the reader uses. The reader calls this when it has ended.</summary>
    void EndRead();

    /// <summary>Releases what only the writer uses. Called when nothing more will be written.</summary>
    void EndWrite();
}

/// <summary>A connection after the Noise handshake. Each message is a 2-byte big-endian length, then the ciphertext with its tag.</summary>
internal sealed class NoiseChannel(Stream stream, ByteReader reader, NoiseCipher send, NoiseCipher receive) : IMessageChannel
{
    public const int MaxMessageLength = ushort.MaxValue;
    public const int MaxPlaintextLength = MaxMessageLength - NoiseCipher.TagLength;

    private int _taken;

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync()
    {
        while (true)
        {
            reader.Advance(_taken);
            _taken = 0;
            if (!await reader.FillAsync(2, CancellationToken.None))
            {
                return ReadOnlyMemory<byte>.Empty;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(reader.Available.Span);
            if (!await reader.FillAsync(2 + length, CancellationToken.None))
            {
                throw new ConnectionClosedException("The remote closed the connection inside a message.");
            }

            var message = reader.Available.Slice(2, length);
            receive.Decrypt(message.Span, message.Span);
            _taken = 2 + length;
            if (length > NoiseCipher.TagLength)
            {
                return message[..^NoiseCipher.TagLength];
            }
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        var messages = (bytes.Length + MaxPlaintextLength - 1) / MaxPlaintextLength;
        var buffer = ArrayPool<byte>.Shared.Rent(bytes.Length + (messages * (2 + NoiseCipher.TagLength)));
        try
        {
            var at = 0;
            while (!bytes.IsEmpty)
            {
                var part = bytes[..Math.Min(bytes.Length, MaxPlaintextLength)];
                bytes = bytes[part.Length..];
                BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(at), (ushort)(part.Length + NoiseCipher.TagLength));
                send.Encrypt(part.Span, buffer.AsSpan(at + 2));
                at += 2 + part.Length + NoiseCipher.TagLength;
            }

            await stream.WriteAsync(buffer.AsMemory(0, at), CancellationToken.None);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Closes the socket, which ends reads and writes under way. These release the ciphers, which may still be in use here.
    /// </summary>
    public void Dispose() => stream.Dispose();

    public void EndRead()
    {
        reader.Dispose();
        receive.Dispose();
    }

    public void EndWrite() => send.Dispose();
}
