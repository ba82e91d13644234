namespace DhtTracer.Libp2p.Yamux;

/// <summary>The pings of one side of a session. They show whether the remote is alive, and measure the round trip. Thread-safe.</summary>
internal sealed class YamuxKeepAlive(YamuxOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _sent;
    private uint _value;
    private bool _pending;
    private long _roundTripTicks = -1;

    /// <summary>Round-trip time of the last ping; null before the first answer.</summary>
    public TimeSpan? RoundTripTime => Interlocked.Read(ref _roundTripTicks) is >= 0 and var ticks ? TimeSpan.FromTicks(ticks) : null;

    /// <summary>Whether the remote has not answered a ping for too long.</summary>
    public bool IsOverdue
    {
        get
        {
            lock (_gate)
            {
                return _pending && time.GetElapsedTime(_sent) >= options.PingTimeout;
            }
        }
    }

    /// <summary>The ping to send now; null if none is due or one is unanswered.</summary>
    public YamuxFrame? Tick()
    {
        lock (_gate)
        {
            if (_pending || (_sent != 0 && time.GetElapsedTime(_sent) < options.PingInterval))
            {
                return null;
            }

            _sent = time.GetTimestamp();
            _pending = true;
            return new YamuxFrame(YamuxType.Ping, YamuxFlags.Syn, 0, ++_value);
        }
    }

    /// <summary>Processes an answer. An unexpected one is ignored.</summary>
    public void OnAnswer(uint value)
    {
        lock (_gate)
        {
            if (_pending && value == _value)
            {
                _pending = false;
                Interlocked.Exchange(ref _roundTripTicks, time.GetElapsedTime(_sent).Ticks);
            }
        }
    }
}
