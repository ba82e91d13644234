using System.Buffers;
using DhtTracer.Libp2p.Streams;
using DhtTracer.Libp2p.Yamux;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>
/// One stream to a peer in one protocol. Asynchronous only, with one reader and one writer at a time. Disposing closes it cleanly: what was
/// written still arrives. After a failure, call <see cref="Reset"/>.
/// </summary>
public sealed class Libp2pStream : Stream, IByteChannel
{
    private readonly YamuxStream _stream;
    private readonly TimeProvider _time;
    private string? _unanswered;

    internal Libp2pStream(Connection connection, YamuxStream stream, TimeProvider time, string protocol, bool answered)
    {
        Connection = connection;
        _stream = stream;
        _time = time;
        Protocol = protocol;
        _unanswered = answered ? null : protocol;
    }

    /// <summary>The connection that carries the stream.</summary>
    public Connection Connection { get; }

    /// <summary>The negotiated protocol.</summary>
    public string Protocol { get; internal set; }

    /// <summary>Whether this side opened the stream.</summary>
    public bool IsOutbound => _stream.Outbound;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads available bytes, or waits for some; returns 0 if the remote has closed its side.</summary>
    /// <exception cref="StreamResetException">The stream was reset. Bytes that arrived earlier are read first.</exception>
    /// <exception cref="ProtocolNotSupportedException">The remote does not support the protocol. A stream opened early finds this out
    /// late.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_unanswered is not null)
        {
            await CompleteNegotiationAsync(cancellationToken);
        }

        return await _stream.ReadAsync(buffer, cancellationToken);
    }

    /// <summary>Sends bytes. Completes when they are queued and fit in the remote's window.</summary>
    /// <exception cref="StreamResetException">The stream was reset.</exception>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _stream.WriteAsync(buffer, cancellationToken);

    /// <summary>Waits until everything written so far was passed to the operating system.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Connection.FlushAsync(cancellationToken);

    /// <summary>Tells the remote that nothing more will be written. Reading is still possible.</summary>
    public void CloseWrite() => _stream.CloseWrite();

    /// <summary>Ends both directions immediately.</summary>
    /// <param name="why">Error text for reads and writes under way on this side.</param>
    public void Reset(string why = "The stream was reset by this side.") => _stream.Reset(why);

    /// <summary>Reads one message with a varint length prefix; null if the remote closed before a new message.</summary>
    /// <param name="maxLength">Maximum length of the message, in bytes.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="WireException">The message is too long, or ends early.</exception>
    public async Task<byte[]?> ReadMessageAsync(int maxLength, CancellationToken cancellationToken)
    {
        var prefix = new byte[Varint.MaxLength];
        for (var i = 0; i < prefix.Length; i++)
        {
            if (await ReadAsync(prefix.AsMemory(i, 1), cancellationToken) == 0)
            {
                return i == 0 ? null : throw new WireException(WireLayer.Framing, "the stream ended inside a message's length");
            }

            if (prefix[i] >= 0x80)
            {
                continue;
            }

            if (
                Varint.Read(prefix.AsSpan(0, i + 1), out var length, out _, allowOverlong: true) != MultiformatError.None
                || length > (ulong)maxLength
            )
            {
                throw new WireException(WireLayer.Framing, $"a message is longer than {maxLength} bytes");
            }

            return await ReadBodyAsync((int)length, cancellationToken);
        }

        throw new WireException(WireLayer.Framing, "a message's length is longer than 9 bytes");
    }

    /// <summary>Writes one message with a varint length prefix.</summary>
    public async Task WriteMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(message.Length + Varint.MaxLength);
        try
        {
            var at = Varint.Write(buffer, (ulong)message.Length);
            message.CopyTo(buffer.AsMemory(at));
            await WriteAsync(buffer.AsMemory(0, at + message.Length), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Does nothing; use <see cref="FlushAsync"/>.</summary>
    public override void Flush() { }

    /// <summary>Not supported: read asynchronously.</summary>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    /// <summary>Not supported: write asynchronously.</summary>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Write asynchronously.");

    /// <summary>Not supported.</summary>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <summary>Not supported.</summary>
    public override void SetLength(long value) => throw new NotSupportedException();

    async ValueTask IByteChannel.ReadExactlyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            var read = await _stream.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                throw new EndOfStreamException("The remote closed the stream during negotiation.");
            }

            buffer = buffer[read..];
        }
    }

    ValueTask IByteChannel.WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _stream.WriteAsync(bytes, cancellationToken);

    /// <summary>Reads the remote's answer to the protocol proposed at opening.</summary>
    internal async Task CompleteNegotiationAsync(CancellationToken cancellationToken)
    {
        try
        {
            await MultistreamSelect.ExpectHeaderAsync(this, cancellationToken);
            if (!await MultistreamSelect.ReadAnswerAsync(this, Protocol, cancellationToken))
            {
                Reset("The remote does not support the protocol.");
                throw new ProtocolNotSupportedException(Protocol);
            }
        }
        catch (EndOfStreamException e)
        {
            throw new StreamResetException("The remote closed the stream during negotiation.", e);
        }

        _unanswered = null;
    }

    /// <summary>
    /// Reads a message of a known length. Allocates only as bytes arrive, because an announced length costs the remote nothing.
    /// </summary>
    private async Task<byte[]> ReadBodyAsync(int length, CancellationToken cancellationToken)
    {
        const int FirstStep = 64 * 1024;
        var message = new byte[Math.Min(length, FirstStep)];
        for (var at = 0; at < length; )
        {
            if (at == message.Length)
            {
                Array.Resize(ref message, (int)Math.Min(length, 2L * message.Length));
            }

            var read = await ReadAsync(message.AsMemory(at), cancellationToken);
            at += read > 0 ? read : throw new WireException(WireLayer.Framing, "the stream ended inside a message");
        }

        return message;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream.Abandon(_time.GetTimestamp());
        }

        base.Dispose(disposing);
    }
}
