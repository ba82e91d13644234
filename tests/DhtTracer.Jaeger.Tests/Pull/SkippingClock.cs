namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>A clock that stands still until somebody waits, and then jumps to the end of the wait: days of pulling take seconds.</summary>
internal sealed class SkippingClock(DateTimeOffset start) : TimeProvider
{
    /// <summary>Further than any test means to go: whoever still waits then would wait for ever.</summary>
    private static readonly TimeSpan Furthest = TimeSpan.FromDays(1000);

    private readonly Lock _gate = new();
    private readonly DateTimeOffset _furthest = start + Furthest;
    private DateTimeOffset _now = start;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            lock (_gate)
            {
                _now += dueTime;
                if (_now > _furthest)
                {
                    throw new InvalidOperationException($"waited in vain until {_now}");
                }
            }

            ThreadPool.QueueUserWorkItem(_ => callback(state));
        }

        return new Fired();
    }

    private sealed class Fired : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => false;

        public void Dispose() { }

        public ValueTask DisposeAsync() => default;
    }
}
