namespace DhtTracer.Kademlia.Lookups;

/// <summary>The clock of one query: the wall clock at its start, then a monotonic clock, in ticks of 100 ns.</summary>
internal sealed class QueryClock
{
    private readonly TimeProvider _time;
    private readonly long _startTimestamp;

    public QueryClock(TimeProvider time)
    {
        _time = time;
        Start = time.GetUtcNow();
        _startTimestamp = time.GetTimestamp();
    }

    public DateTimeOffset Start { get; }

    public DateTimeOffset Now() => Start + _time.GetElapsedTime(_startTimestamp);
}
