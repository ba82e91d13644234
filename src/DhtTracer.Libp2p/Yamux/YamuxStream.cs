namespace DhtTracer.Libp2p.Yamux;

/// <summary>
/// One stream of a <see cref="YamuxSession"/>. Each direction has a window: bytes that may be sent before the reader of the other
/// side has made room. One reader and one writer at a time. Over 300 lines, because both directions share one lock and one state.
/// </summary>
internal sealed class YamuxStream(YamuxSession session, uint id, bool outbound)
{
    private readonly Lock _gate = new();
    private readonly ReceiveWindow _received = new();
    private uint _sendWindow = YamuxOptions.InitialWindow;
    private bool _acknowledged;
    private bool _localClosed;
    private bool _remoteClosed;
    private long _abandonedAt;
    private Exception? _reset;
    private TaskCompletionSource? _readable;
    private TaskCompletionSource? _sendable;

    public uint Id => id;

    public bool Outbound => outbound;

    /// <summary>Timestamp of when this side was done with the stream; 0 while it is not.</summary>
    public long AbandonedAt => Volatile.Read(ref _abandonedAt);

    /// <summary>Reads what is there, or waits; 0 at the remote's end. What was received before a reset is still read.</summary>
    /// <exception cref="StreamResetException">The stream was reset.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        while (true)
        {
            Task wait;
            lock (_gate)
            {
                var read = _received.Read(buffer.Span);
                if (read > 0)
                {
                    session.Consumed(read);
                    MakeRoom(read);
                    return read;
                }

                ThrowIfReset();
                if (_remoteClosed)
                {
                    return 0;
                }

                wait = (_readable ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Sends bytes, waiting for the window and the socket as needed.</summary>
    /// <exception cref="StreamResetException">The stream was reset.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var take = 0;
            var flags = YamuxFlags.None;
            Task? wait = null;
            lock (_gate)
            {
                ThrowIfReset();
                if (_localClosed)
                {
                    throw new InvalidOperationException("The stream was closed for writing.");
                }

                take = (int)Math.Min(Math.Min(_sendWindow, YamuxOptions.MaxFrameData), bytes.Length);
                if (take == 0)
                {
                    wait = (_sendable ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                }
                else
                {
                    _sendWindow -= (uint)take;
                    flags = TakeAcknowledgement();
                }
            }

            if (wait is not null)
            {
                await wait.WaitAsync(cancellationToken);
                continue;
            }

            await session.Writer.WriteAsync(new YamuxFrame(YamuxType.Data, flags, id, (uint)take), bytes[..take], cancellationToken);
            bytes = bytes[take..];
        }
    }

    /// <summary>Sends the first bytes of an outbound stream, which open it: one frame with SYN.</summary>
    public void Open(ReadOnlySpan<byte> bytes)
    {
        _sendWindow -= (uint)bytes.Length;
        session.Writer.Enqueue(new YamuxFrame(YamuxType.Data, YamuxFlags.Syn, id, (uint)bytes.Length), bytes);
    }

    /// <summary>Tells the remote that nothing more will be sent: a FIN frame of its own.</summary>
    public void CloseWrite()
    {
        YamuxFlags flags;
        lock (_gate)
        {
            if (_localClosed || _reset is not null)
            {
                return;
            }

            _localClosed = true;
            flags = TakeAcknowledgement() | YamuxFlags.Fin;
        }

        session.Writer.Enqueue(new YamuxFrame(YamuxType.WindowUpdate, flags, id, 0));
        RemoveWhenDone();
    }

    /// <summary>
    /// Is done with the stream: closes it for writing, and throws away what still arrives. It stays known until the remote
    /// has closed too, since a reset could overtake what the remote has not read yet.
    /// </summary>
    public void Abandon(long now)
    {
        CloseWrite();
        lock (_gate)
        {
            if (_abandonedAt == 0)
            {
                Volatile.Write(ref _abandonedAt, now);
            }

            Discard();
        }

        RemoveWhenDone();
    }

    /// <summary>Ends both directions at once and tells the remote; what waits to be read is thrown away.</summary>
    public void Reset(string why)
    {
        if (Fail(new StreamResetException(why)))
        {
            session.Writer.Enqueue(new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Rst, id, 0));
        }

        lock (_gate)
        {
            Discard();
        }
    }

    /// <summary>Ends both directions without telling the remote; false when the stream had ended before.</summary>
    public bool Fail(Exception reason)
    {
        lock (_gate)
        {
            if (_reset is not null || (_localClosed && _remoteClosed))
            {
                return false;
            }

            _reset = reason;
            Wake();
        }

        session.Remove(this);
        return true;
    }

    /// <summary>Called by the session's reader for data that arrived.</summary>
    public void OnData(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            _received.Take(data.Length, id);
            if (_remoteClosed && !data.IsEmpty)
            {
                throw new WireException(WireLayer.Yamux, $"stream {id} sent data after its end");
            }

            if (_reset is not null || data.IsEmpty)
            {
                return;
            }

            if (_abandonedAt != 0)
            {
                MakeRoom(data.Length);
                return;
            }

            if (session.TryBuffer(data.Length))
            {
                _received.Append(data);
                _readable?.TrySetResult();
                _readable = null;
                return;
            }
        }

        // The windows of all streams together are more than a connection is worth: the stream pays, the others go on.
        Reset("Too many bytes wait to be read on the streams of this connection.");
    }

    /// <summary>Called by the session's reader when the remote made room.</summary>
    public void OnWindowUpdate(uint delta)
    {
        lock (_gate)
        {
            if (delta > uint.MaxValue - _sendWindow)
            {
                throw new WireException(WireLayer.Yamux, $"the window of stream {id} became larger than 4 GiB");
            }

            _sendWindow += delta;
            if (_sendWindow > 0)
            {
                _sendable?.TrySetResult();
                _sendable = null;
            }
        }
    }

    /// <summary>Called by the session's reader when the remote will send nothing more.</summary>
    public void OnFin()
    {
        lock (_gate)
        {
            _remoteClosed = true;
            _readable?.TrySetResult();
            _readable = null;
        }

        RemoveWhenDone();
    }

    // What nobody reads any more must not count against the streams that go on.
    private void Discard()
    {
        session.Consumed(_received.Length);
        _received.Clear();
    }

    /// <summary>Announces room to the remote once half of the window was read.</summary>
    private void MakeRoom(int count)
    {
        if (_received.Free(count, announce: !_remoteClosed && _reset is null) is var room and > 0)
        {
            session.Writer.Enqueue(new YamuxFrame(YamuxType.WindowUpdate, TakeAcknowledgement(), id, room));
        }
    }

    private void RemoveWhenDone()
    {
        lock (_gate)
        {
            if (!_localClosed || !_remoteClosed)
            {
                return;
            }
        }

        session.Remove(this);
    }

    /// <summary>The first frame of an inbound stream carries ACK.</summary>
    private YamuxFlags TakeAcknowledgement()
    {
        if (outbound || _acknowledged)
        {
            return YamuxFlags.None;
        }

        _acknowledged = true;
        return YamuxFlags.Ack;
    }

    private void Wake()
    {
        _readable?.TrySetResult();
        _readable = null;
        _sendable?.TrySetResult();
        _sendable = null;
    }

    private void ThrowIfReset()
    {
        if (_reset is not null)
        {
            throw new StreamResetException(_reset.Message, _reset);
        }
    }
}
