using DhtTracer.Ingestion.Analysis;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Tests.Analysis;

public sealed class PendingTracesTests
{
    private static readonly TraceId First = MakeSpans.Trace(1);
    private static readonly TraceId Second = MakeSpans.Trace(2);
    private readonly ManualClock _clock = new();
    private readonly PendingTraces _pending;

    public PendingTracesTests() =>
        _pending = new PendingTraces(
            new AnalysisOptions { QuietPeriod = TimeSpan.FromSeconds(1), LongestWait = TimeSpan.FromSeconds(5) },
            _clock
        );

    [Fact]
    public void A_trace_is_due_when_nothing_came_for_the_quiet_period()
    {
        _pending.Touch([First]);
        _clock.Advance(0.9);
        Assert.Empty(_pending.Take(10));
        _pending.Touch([First]);
        _clock.Advance(0.9);
        Assert.Empty(_pending.Take(10));
        _clock.Advance(0.2);
        Assert.Equal([First], _pending.Take(10));
        Assert.Empty(_pending.Take(10));
    }

    [Fact]
    public void A_trace_that_never_falls_quiet_is_due_after_the_longest_wait()
    {
        for (var i = 0; i < 10; i++)
        {
            _pending.Touch([First]);
            _clock.Advance(0.45);
            Assert.Empty(_pending.Take(10));
        }

        _clock.Advance(0.6);
        _pending.Touch([First]);
        Assert.Equal([First], _pending.Take(10));
    }

    [Fact]
    public void A_trace_touched_while_it_is_analysed_comes_again_and_later_the_more_it_cost()
    {
        _pending.Touch([First]);
        _clock.Advance(1.1);
        Assert.Equal([First], _pending.Take(10));
        _pending.Touch([First]);
        _clock.Advance(2);
        Assert.Empty(_pending.Take(10));

        // It took two seconds: the next ten belong to the others.
        _pending.Finish(First);
        _clock.Advance(9);
        Assert.Empty(_pending.Take(10));
        _clock.Advance(2);
        Assert.Equal([First], _pending.Take(10));
        _pending.Finish(First);
        Assert.Equal(0, _pending.Count);
    }

    [Fact]
    public void Those_that_wait_longest_come_first_and_no_more_than_asked_for()
    {
        _pending.Touch([Second]);
        _clock.Advance(0.1);
        _pending.Touch([First]);
        _clock.Advance(2);
        Assert.Equal([Second], _pending.Take(1));
        Assert.Equal([First], _pending.Take(1));
    }

    [Fact]
    public void In_a_hurry_everything_is_due()
    {
        _pending.Touch([First]);
        Assert.Empty(_pending.Take(10));
        _pending.Hurry();
        Assert.Equal([First], _pending.Take(10));
        _pending.Settle();
        _pending.Touch([Second]);
        Assert.Empty(_pending.Take(10));
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => _now;

        public void Advance(double seconds) => _now += (long)(seconds * 1000);
    }
}
