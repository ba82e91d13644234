namespace DhtTracer.Libp2p.Yamux;

/// <summary>Unread bytes of a stream, and how many more the remote may send. The owning stream does the locking.</summary>
internal sealed class ReceiveWindow
{
    private readonly ByteQueue _bytes = new();
    private uint _window = YamuxOptions.InitialWindow;
    private uint _unannounced;

    /// <summary>Number of unread bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>Reads available bytes and returns their number.</summary>
    public int Read(Span<byte> buffer) => _bytes.Read(buffer);

    /// <summary>Adds received bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => _bytes.Append(bytes);

    /// <summary>Discards the unread bytes.</summary>
    public void Clear() => _bytes.Clear();

    /// <summary>Subtracts received bytes from the window.</summary>
    /// <exception cref="WireException">The remote sent more than the window allows.</exception>
    public void Take(int count, uint stream)
    {
        if (count > _window)
        {
            throw new WireException(WireLayer.Yamux, $"stream {stream} sent {count - _window} bytes more than its window allows");
        }

        _window -= (uint)count;
    }

    /// <summary>Frees the room of bytes that were read.</summary>
    /// <param name="count">Number of bytes.</param>
    /// <param name="announce">Whether the remote may still send.</param>
    /// <returns>The room to announce once half of the window was read; else 0.</returns>
    public uint Free(int count, bool announce)
    {
        _unannounced += (uint)count;
        if (_unannounced < YamuxOptions.InitialWindow / 2 || !announce)
        {
            return 0;
        }

        var room = _unannounced;
        _window += room;
        _unannounced = 0;
        return room;
    }
}
