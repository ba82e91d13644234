namespace DhtTracer.Libp2p.Yamux;

/// <summary>
/// One stream of a <see cref="YamuxSession"/>. Each direction has a window: the number of bytes that may be sent before the receiver has
/// made room. One reader and one writer at a time. Over 300 lines, because both directions share one lock and one state.
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

    /// <summary>Timestamp of when this side abandoned the stream; 0 if it has not.</summary>
    public long AbandonedAt => Volatile.Read(ref _abandonedAt);

    /// <summary>Reads available bytes, or waits; returns 0 at the remote's end. Bytes received before a reset can still be read.</summary>
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

    /// <summary>Sends bytes; waits for the window and the socket as needed.</summary>
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

    /// <summary>Sends the first bytes of an outbound stream in the SYN frame that opens it.</summary>
    public void Open(ReadOnlySpan<byte> bytes)
    {
        _sendWindow -= (uint)bytes.Length;
        session.Writer.Enqueue(new YamuxFrame(YamuxType.Data, YamuxFlags.Syn, id, (uint)bytes.Length), bytes);
    }

    /// <summary>Tells the remote with a FIN frame that nothing more will be sent.</summary>
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
    /// Closes the stream for writing and discards further data. The stream is kept until the remote has closed it too: a reset could arrive
    /// before the remote has read everything.
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

    /// <summary>Ends both directions immediately, notifies the remote, and discards unread bytes.</summary>
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

    /// <summary>Ends both directions without notifying the remote; false if the stream had already ended.</summary>
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

    /// <summary>Called by the session's reader when data arrives.</summary>
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

        // All streams together hold more than the connection's limit. Only this stream is reset; the others continue.
        Reset("Too many bytes wait to be read on the streams of this connection.");
    }

    /// <summary>Called by the session's reader when the remote has made room.</summary>
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

    // Bytes that nobody will read must not count against the other streams.
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
