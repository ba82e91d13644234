using System.Net.Sockets;
using DhtTracer.Libp2p.Noise;

namespace DhtTracer.Libp2p.Yamux;

/// <summary>
/// Many streams over one connection: protocol <c>/yamux/1.0.0</c>. <see cref="RunAsync"/> reads until the end; everything a remote
/// can do wrong ends the session with a <see cref="WireException"/>, and with it every stream.
/// </summary>
internal sealed class YamuxSession
{
    public const string ProtocolId = "/yamux/1.0.0";

    private readonly IMessageChannel _channel;
    private readonly bool _initiator;
    private readonly YamuxOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<YamuxStream> _accept;
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, YamuxStream> _streams = [];
    private readonly YamuxParser _parser;
    private readonly YamuxKeepAlive _keepAlive;
    private readonly TaskCompletionSource<Exception> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private uint _nextId;
    private uint _lastRemoteId;
    private int _inbound;
    private int _outbound;
    private int _buffered;
    private bool _goingAway;
    private Exception? _reason;

    /// <summary>Makes a session; nothing is sent or read before <see cref="RunAsync"/> or <see cref="OpenStream"/>.</summary>
    /// <param name="channel">The connection.</param>
    /// <param name="initiator">Whether this side dialed; the dialer's streams have odd ids.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="accept">Called by the reader for each new stream of the remote; must return at once.</param>
    public YamuxSession(IMessageChannel channel, bool initiator, YamuxOptions options, TimeProvider time, Action<YamuxStream> accept)
    {
        _channel = channel;
        _initiator = initiator;
        _options = options;
        _time = time;
        _accept = accept;
        _nextId = initiator ? 1u : 2u;
        _parser = new YamuxParser(OnFrame);
        _keepAlive = new YamuxKeepAlive(options, time);
        Writer = new FrameWriter(channel, Abort);
    }

    public FrameWriter Writer { get; }

    /// <summary>Completes when the session has ended, with the reason.</summary>
    public Task<Exception> Closed => _closed.Task;

    /// <summary>Why the session has ended; null while it runs.</summary>
    public Exception? Reason => Volatile.Read(ref _reason);

    /// <summary>Round-trip time of the last ping; null before the first answer.</summary>
    public TimeSpan? RoundTripTime => _keepAlive.RoundTripTime;

    /// <summary>Streams that are open, in both directions.</summary>
    public int StreamCount
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
                return _reason is null && !_goingAway;
            }
        }
    }

    /// <summary>Reads frames until the remote closes, breaks the rules, or <see cref="Abort"/> is called. Never throws.</summary>
    /// <param name="early">Bytes that arrived together with the end of the muxer's negotiation.</param>
    public async Task RunAsync(ReadOnlyMemory<byte> early = default)
    {
        Exception reason;
        try
        {
            Process(early.Span);
            while (true)
            {
                var bytes = await _channel.ReadAsync();
                if (bytes.IsEmpty)
                {
                    reason = new ConnectionClosedException("The remote closed the connection.");
                    break;
                }

                Process(bytes.Span);
            }
        }
        catch (WireException e)
        {
            Writer.Enqueue(new YamuxFrame(YamuxType.GoAway, YamuxFlags.None, 0, 1));
            await FlushBrieflyAsync();
            reason = e;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            reason = e;
        }

        Abort(reason);
        _channel.EndRead();
        _closed.TrySetResult(Reason!);
    }

    /// <summary>Opens a stream and sends its first bytes with the frame that opens it.</summary>
    /// <param name="first">At most <see cref="YamuxOptions.MaxFrameData"/> bytes.</param>
    /// <exception cref="ConnectionClosedException">The session has ended, or the remote is going away.</exception>
    /// <exception cref="StreamResetException">As many streams as allowed are open.</exception>
    public YamuxStream OpenStream(ReadOnlySpan<byte> first)
    {
        YamuxStream stream;
        lock (_gate)
        {
            if (_reason is not null || _goingAway || _nextId > uint.MaxValue - 2)
            {
                throw new ConnectionClosedException("The connection is closed.", _reason);
            }

            if (_outbound >= _options.MaxOutboundStreams)
            {
                throw new StreamResetException($"{_outbound} streams to the remote are open, which is the limit.");
            }

            _outbound++;
            stream = new YamuxStream(this, _nextId, outbound: true);
            _streams.Add(_nextId, stream);
            _nextId += 2;

            // Inside the lock, so that streams are opened in the order of their ids.
            stream.Open(first);
        }

        return stream;
    }

    /// <summary>Says goodbye and closes the connection; streams that are open are reset.</summary>
    public async Task CloseAsync()
    {
        Writer.Enqueue(new YamuxFrame(YamuxType.GoAway, YamuxFlags.None, 0, 0));
        await FlushBrieflyAsync();
        Abort(new ConnectionClosedException("The connection was closed by this side."));
    }

    /// <summary>Closes the connection at once; the first reason stays.</summary>
    public void Abort(Exception reason)
    {
        List<YamuxStream> streams;
        lock (_gate)
        {
            if (_reason is not null)
            {
                return;
            }

            Volatile.Write(ref _reason, reason);
            streams = [.. _streams.Values];
            _streams.Clear();
        }

        Writer.Close(reason);
        _channel.Dispose();
        foreach (var stream in streams)
        {
            _ = stream.Fail(new StreamResetException("The connection ended: " + reason.Message, reason));
        }
    }

    /// <summary>Called every few seconds: pings the remote, gives up on one that does not answer, and resets streams left half open.</summary>
    public void Tick()
    {
        List<YamuxStream> stale;
        lock (_gate)
        {
            if (_reason is not null)
            {
                return;
            }

            stale = [.. _streams.Values.Where(stream => stream.AbandonedAt is var at and > 0 && _time.GetElapsedTime(at) >= _options.HalfCloseTimeout)];
        }

        foreach (var stream in stale)
        {
            stream.Reset("The remote left the stream half open.");
        }

        switch (_keepAlive.Tick())
        {
            case { } ping:
                Writer.Enqueue(ping);
                break;
            case null when _keepAlive.IsOverdue:
                Abort(new ConnectionClosedException($"The remote did not answer a ping within {_options.PingTimeout.TotalSeconds:0} s."));
                break;
            default:
                break;
        }
    }

    /// <summary>Handles bytes as they arrive, in pieces of any size.</summary>
    /// <exception cref="WireException">The remote broke the protocol.</exception>
    internal void Process(ReadOnlySpan<byte> bytes) => _parser.Process(bytes);

    /// <summary>Counts bytes that wait to be read; false when the streams of this connection hold too much together.</summary>
    internal bool TryBuffer(int count)
    {
        if (Interlocked.Add(ref _buffered, count) <= _options.MaxBuffered)
        {
            return true;
        }

        Consumed(count);
        return false;
    }

    internal void Consumed(int count) => Interlocked.Add(ref _buffered, -count);

    /// <summary>Forgets a stream that has ended.</summary>
    internal void Remove(YamuxStream stream)
    {
        bool close;
        lock (_gate)
        {
            if (_streams.Remove(stream.Id))
            {
                _ = stream.Outbound ? _outbound-- : _inbound--;
            }

            close = _goingAway && _streams.Count == 0;
        }

        if (close)
        {
            Abort(new ConnectionClosedException("The remote went away."));
        }
    }

    /// <summary>Handles a frame, and returns the stream to which data that follows it belongs.</summary>
    private YamuxStream? OnFrame(YamuxFrame frame)
    {
        switch (frame.Type)
        {
            case YamuxType.Ping:
                OnPing(frame);
                return null;
            case YamuxType.GoAway:
                OnGoAway(frame);
                return null;
            default:
                var stream = frame.Has(YamuxFlags.Syn) ? Accept(frame.StreamId) : Find(frame.StreamId);
                if (frame.Type == YamuxType.WindowUpdate)
                {
                    stream?.OnWindowUpdate(frame.Length);
                }

                return stream;
        }
    }

    private YamuxStream? Find(uint id)
    {
        lock (_gate)
        {
            return _streams.GetValueOrDefault(id);
        }
    }

    /// <summary>A new stream of the remote; null when it was refused, so that what follows on it is ignored.</summary>
    private YamuxStream? Accept(uint id)
    {
        if (id % 2 == (_initiator ? 1u : 0u))
        {
            throw new WireException(WireLayer.Yamux, $"the remote opened stream {id}, whose number belongs to this side");
        }

        YamuxStream stream;
        lock (_gate)
        {
            if (id <= _lastRemoteId)
            {
                throw new WireException(WireLayer.Yamux, $"the remote opened stream {id} after stream {_lastRemoteId}");
            }

            _lastRemoteId = id;
            if (_reason is not null)
            {
                return null;
            }

            stream = new YamuxStream(this, id, outbound: false);
            if (_inbound < _options.MaxInboundStreams && !_goingAway)
            {
                _inbound++;
                _streams.Add(id, stream);
            }
            else
            {
                Writer.Enqueue(new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Rst, id, 0));
                return null;
            }
        }

        _accept(stream);
        return stream;
    }

    private void OnPing(YamuxFrame frame)
    {
        if (frame.Has(YamuxFlags.Syn))
        {
            Writer.Enqueue(new YamuxFrame(YamuxType.Ping, YamuxFlags.Ack, 0, frame.Length));
            return;
        }

        if (!frame.Has(YamuxFlags.Ack))
        {
            throw new WireException(WireLayer.Yamux, "a ping has neither SYN nor ACK");
        }

        _keepAlive.OnAnswer(frame.Length);
    }

    private void OnGoAway(YamuxFrame frame)
    {
        bool idle;
        lock (_gate)
        {
            _goingAway = true;
            idle = _streams.Count == 0;
        }

        if (idle || frame.Length != 0)
        {
            Abort(new ConnectionClosedException(frame.Length == 0 ? "The remote went away." : $"The remote ended the session with error {frame.Length}."));
        }
    }

    /// <summary>Gives the last frames a second to leave; a remote that does not read must not hold up the end.</summary>
    private async Task FlushBrieflyAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);
        try
        {
            await Writer.FlushAsync(timeout.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionClosedException)
        {
            // The connection is being closed for another reason, which is reported.
        }
    }
}
