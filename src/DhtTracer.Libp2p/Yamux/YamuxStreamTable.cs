namespace DhtTracer.Libp2p.Yamux;

/// <summary>The streams of a session: their ids, their limits, and whether new ones are allowed. Thread-safe.</summary>
/// <param name="session">The session.</param>
/// <param name="initiator">Whether this side dialed. The dialer's streams have odd ids.</param>
/// <param name="options">Limits.</param>
internal sealed class YamuxStreamTable(YamuxSession session, bool initiator, YamuxOptions options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, YamuxStream> _streams = [];
    private uint _nextId = initiator ? 1u : 2u;
    private uint _lastRemoteId;
    private int _inbound;
    private int _outbound;
    private bool _goingAway;
    private Exception? _closed;

    /// <summary>Why no streams are possible any more; null while they are.</summary>
    public Exception? Closed => Volatile.Read(ref _closed);

    /// <summary>Number of open streams, in both directions.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _streams.Count;
            }
        }
    }

    /// <summary>Whether new streams can be opened.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return _closed is null && !_goingAway;
            }
        }
    }

    /// <summary>Opens a stream and sends its first bytes.</summary>
    /// <exception cref="ConnectionClosedException">The session has ended, or the remote is going away.</exception>
    /// <exception cref="StreamResetException">The maximum number of streams is open.</exception>
    public YamuxStream Open(ReadOnlySpan<byte> first)
    {
        lock (_gate)
        {
            if (_closed is not null || _goingAway || _nextId > uint.MaxValue - 2)
            {
                throw new ConnectionClosedException("The connection is closed.", _closed);
            }

            if (_outbound >= options.MaxOutboundStreams)
            {
                throw new StreamResetException($"{_outbound} streams to the remote are open, which is the limit.");
            }

            _outbound++;
            var stream = new YamuxStream(session, _nextId, outbound: true);
            _streams.Add(_nextId, stream);
            _nextId += 2;

            // Inside the lock, so that streams are opened in the order of their ids.
            stream.Open(first);
            return stream;
        }
    }

    /// <summary>The stream with this id; null if there is none.</summary>
    public YamuxStream? Find(uint id)
    {
        lock (_gate)
        {
            return _streams.GetValueOrDefault(id);
        }
    }

    /// <summary>Accepts a new stream of the remote; null if it is not possible.</summary>
    /// <param name="id">The id chosen by the remote.</param>
    /// <param name="refused">Whether to tell the remote that the stream is refused.</param>
    /// <exception cref="WireException">The remote may not use this id now.</exception>
    public YamuxStream? Accept(uint id, out bool refused)
    {
        refused = false;
        if (id % 2 == (initiator ? 1u : 0u))
        {
            throw new WireException(WireLayer.Yamux, $"the remote opened stream {id}, but only this side may use that id");
        }

        lock (_gate)
        {
            if (id <= _lastRemoteId)
            {
                throw new WireException(WireLayer.Yamux, $"the remote opened stream {id} after stream {_lastRemoteId}");
            }

            _lastRemoteId = id;
            if (_closed is not null)
            {
                return null;
            }

            if (_inbound >= options.MaxInboundStreams || _goingAway)
            {
                refused = true;
                return null;
            }

            _inbound++;
            var stream = new YamuxStream(session, id, outbound: false);
            _streams.Add(id, stream);
            return stream;
        }
    }

    /// <summary>Removes a stream that has ended. True if it was the last one of a remote that is going away.</summary>
    public bool Remove(YamuxStream stream)
    {
        lock (_gate)
        {
            if (_streams.Remove(stream.Id))
            {
                _ = stream.Outbound ? _outbound-- : _inbound--;
            }

            return _goingAway && _streams.Count == 0;
        }
    }

    /// <summary>Stops accepting new streams. True if none is open.</summary>
    public bool GoAway()
    {
        lock (_gate)
        {
            _goingAway = true;
            return _streams.Count == 0;
        }
    }

    /// <summary>Closes the table. Returns the open streams, or null if it was already closed.</summary>
    public IReadOnlyList<YamuxStream>? Close(Exception reason)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                return null;
            }

            Volatile.Write(ref _closed, reason);
            List<YamuxStream> left = [.. _streams.Values];
            _streams.Clear();
            return left;
        }
    }

    /// <summary>Streams that this side abandoned at least this long ago.</summary>
    public IReadOnlyList<YamuxStream> AbandonedFor(TimeSpan duration, TimeProvider time)
    {
        lock (_gate)
        {
            return [.. _streams.Values.Where(stream => stream.AbandonedAt is var at and > 0 && time.GetElapsedTime(at) >= duration)];
        }
    }
}
