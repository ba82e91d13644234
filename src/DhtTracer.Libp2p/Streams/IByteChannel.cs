namespace DhtTracer.Libp2p.Streams;

/// <summary>What protocol negotiation needs from a connection or stream.</summary>
internal interface IByteChannel
{
    /// <summary>Fills the buffer.</summary>
    /// <exception cref="EndOfStreamException">The remote ended first.</exception>
    ValueTask ReadExactlyAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);
}

/// <summary>A connection before it is encrypted.</summary>
internal sealed class PlainChannel(Stream stream, ByteReader reader) : IByteChannel
{
    public ByteReader Reader => reader;

    public Stream Stream => stream;

    public async ValueTask ReadExactlyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!await reader.FillAsync(buffer.Length, cancellationToken))
        {
            throw new EndOfStreamException("The remote closed the connection during negotiation.");
        }

        reader.Available.Span[..buffer.Length].CopyTo(buffer.Span);
        reader.Advance(buffer.Length);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        stream.WriteAsync(bytes, cancellationToken);
}
