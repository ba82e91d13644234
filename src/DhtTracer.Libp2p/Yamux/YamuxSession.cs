using System.Net.Sockets;
using DhtTracer.Libp2p.Noise;

namespace DhtTracer.Libp2p.Yamux;

/// <summary>
/// Many streams on one connection: protocol <c>/yamux/1.0.0</c>. <see cref="RunAsync"/> reads until the end. Any protocol error of the
/// remote ends the session, and every stream, with a <see cref="WireException"/>.
/// </summary>
internal sealed class YamuxSession
{
    public const string ProtocolId = "/yamux/1.0.0";

    private readonly IMessageChannel _channel;
    private readonly YamuxOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<YamuxStream> _accept;
    private readonly YamuxStreamTable _streams;
    private readonly YamuxParser _parser;
    private readonly YamuxKeepAlive _keepAlive;
    private readonly TaskCompletionSource<Exception> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _buffered;

    /// <summary>Creates a session. Nothing is sent or read before <see cref="RunAsync"/> or <see cref="OpenStream"/>.</summary>
    /// <param name="channel">The connection.</param>
    /// <param name="initiator">Whether this side dialed. The dialer's streams have odd ids.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="accept">Called by the reader for each new stream of the remote. Must return immediately.</param>
    public YamuxSession(IMessageChannel channel, bool initiator, YamuxOptions options, TimeProvider time, Action<YamuxStream> accept)
    {
        _channel = channel;
        _options = options;
        _time = time;
        _accept = accept;
        _streams = new YamuxStreamTable(this, initiator, options);
        _parser = new YamuxParser(OnFrame);
        _keepAlive = new YamuxKeepAlive(options, time);
        Writer = new FrameWriter(channel, Abort);
    }

    public FrameWriter Writer { get; }

    /// <summary>Completes with the reason when the session has ended.</summary>
    public Task<Exception> Closed => _closed.Task;

    /// <summary>Why the session has ended; null while it runs.</summary>
    public Exception? Reason => _streams.Closed;

    /// <summary>Round-trip time of the last ping; null before the first answer.</summary>
    public TimeSpan? RoundTripTime => _keepAlive.RoundTripTime;

    /// <summary>Number of open streams, in both directions.</summary>
    public int StreamCount => _streams.Count;

    /// <summary>Whether new streams can be opened.</summary>
    public bool IsOpen => _streams.IsOpen;

    /// <summary>Reads frames until the remote closes, breaks the protocol, or <see cref="Abort"/> is called. Never throws.</summary>
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

    /// <summary>Opens a stream. The opening frame carries its first bytes.</summary>
    /// <param name="first">At most <see cref="YamuxOptions.MaxFrameData"/> bytes.</param>
    /// <exception cref="ConnectionClosedException">The session has ended, or the remote is going away.</exception>
    /// <exception cref="StreamResetException">The maximum number of streams is open.</exception>
    public YamuxStream OpenStream(ReadOnlySpan<byte> first) => _streams.Open(first);

    /// <summary>Sends a go-away and closes the connection. Open streams are reset.</summary>
    public async Task CloseAsync()
    {
        Writer.Enqueue(new YamuxFrame(YamuxType.GoAway, YamuxFlags.None, 0, 0));
        await FlushBrieflyAsync();
        Abort(new ConnectionClosedException("The connection was closed by this side."));
    }

    /// <summary>Closes the connection immediately. The first reason is kept.</summary>
    public void Abort(Exception reason)
    {
        if (_streams.Close(reason) is not { } left)
        {
            return;
        }

        Writer.Close(reason);
        _channel.Dispose();
        foreach (var stream in left)
        {
            _ = stream.Fail(new StreamResetException("The connection ended: " + reason.Message, reason));
        }
    }

    /// <summary>
    /// Called every few seconds. Pings the remote, closes the session if it does not answer, and resets half-open streams.
    /// </summary>
    public void Tick()
    {
        if (Reason is not null)
        {
            return;
        }

        foreach (var stream in _streams.AbandonedFor(_options.HalfCloseTimeout, _time))
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

    /// <summary>Processes bytes as they arrive, in pieces of any size.</summary>
    /// <exception cref="WireException">The remote broke the protocol.</exception>
    internal void Process(ReadOnlySpan<byte> bytes) => _parser.Process(bytes);

    /// <summary>Counts unread bytes. False if the streams of this connection together hold too much.</summary>
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

    /// <summary>Removes a stream that has ended.</summary>
    internal void Remove(YamuxStream stream)
    {
        if (_streams.Remove(stream))
        {
            Abort(new ConnectionClosedException("The remote went away."));
        }
    }

    /// <summary>Handles a frame and returns the stream that its data belongs to.</summary>
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
                var stream = frame.Has(YamuxFlags.Syn) ? Accept(frame.StreamId) : _streams.Find(frame.StreamId);
                if (frame.Type == YamuxType.WindowUpdate)
                {
                    stream?.OnWindowUpdate(frame.Length);
                }

                return stream;
        }
    }

    /// <summary>Accepts a new stream of the remote. Null if it is refused; its data is then ignored.</summary>
    private YamuxStream? Accept(uint id)
    {
        var stream = _streams.Accept(id, out var refused);
        if (refused)
        {
            Writer.Enqueue(new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Rst, id, 0));
        }
        else if (stream is not null)
        {
            _accept(stream);
        }

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
        var idle = _streams.GoAway();
        if (idle || frame.Length != 0)
        {
            Abort(
                new ConnectionClosedException(
                    frame.Length == 0 ? "The remote went away." : $"The remote ended the session with error {frame.Length}."
                )
            );
        }
    }

    /// <summary>Waits up to a second for the last frames to be sent: a remote that does not read must not block closing.</summary>
    private async Task FlushBrieflyAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);
        try
        {
            await Writer.FlushAsync(timeout.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionClosedException)
        {
            // The connection is closed for another reason, which is reported.
        }
    }
}
