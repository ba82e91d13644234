namespace DhtTracer.Libp2p.Yamux;

/// <summary>Bytes of a stream that wait to be read, and how many more the remote may send. The stream that owns it takes care of
/// locking.</summary>
internal sealed class ReceiveWindow
{
    private readonly ByteQueue _bytes = new();
    private uint _window = YamuxOptions.InitialWindow;
    private uint _unannounced;

    /// <summary>Bytes that wait.</summary>
    public int Length => _bytes.Length;

    /// <summary>Reads what is there; the number of bytes.</summary>
    public int Read(Span<byte> buffer) => _bytes.Read(buffer);

    /// <summary>Keeps bytes to be read.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => _bytes.Append(bytes);

    /// <summary>Throws away what waits.</summary>
    public void Clear() => _bytes.Clear();

    /// <summary>Takes bytes that arrived out of the window.</summary>
    /// <exception cref="WireException">The remote sent more than it may.</exception>
    public void Take(int count, uint stream)
    {
        if (count > _window)
        {
            throw new WireException(WireLayer.Yamux, $"stream {stream} sent {count - _window} bytes more than its window allows");
        }

        _window -= (uint)count;
    }

    /// <summary>Frees room of bytes that were read.</summary>
    /// <param name="count">How many.</param>
    /// <param name="announce">Whether the remote may still send.</param>
    /// <returns>The room to announce, once half of the window was read; else 0.</returns>
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
