using DhtTracer.Ingestion.Analysis;
using DhtTracer.Traces;

namespace DhtTracer.Ingestion.Tests.Analysis;

public sealed class PendingTracesTests
{
    private static readonly TraceId first = MakeSpans.Trace(1);
    private static readonly TraceId second = MakeSpans.Trace(2);
    private readonly ManualClock clock = new();
    private readonly PendingTraces pending;

    public PendingTracesTests() => pending = new PendingTraces(
        new AnalysisOptions { QuietPeriod = TimeSpan.FromSeconds(1), LongestWait = TimeSpan.FromSeconds(5) }, clock);

    [Fact]
    public void A_trace_is_due_when_nothing_came_for_the_quiet_period()
    {
        pending.Touch([first]);
        clock.Advance(0.9);
        Assert.Empty(pending.Take(10));
        pending.Touch([first]);
        clock.Advance(0.9);
        Assert.Empty(pending.Take(10));
        clock.Advance(0.2);
        Assert.Equal([first], pending.Take(10));
        Assert.Empty(pending.Take(10));
    }

    [Fact]
    public void A_trace_that_never_falls_quiet_is_due_after_the_longest_wait()
    {
        for (var i = 0; i < 10; i++)
        {
            pending.Touch([first]);
            clock.Advance(0.45);
            Assert.Empty(pending.Take(10));
        }

        clock.Advance(0.6);
        pending.Touch([first]);
        Assert.Equal([first], pending.Take(10));
    }

    [Fact]
    public void A_trace_touched_while_it_is_analysed_comes_again_and_later_the_more_it_cost()
    {
        pending.Touch([first]);
        clock.Advance(1.1);
        Assert.Equal([first], pending.Take(10));
        pending.Touch([first]);
        clock.Advance(2);
        Assert.Empty(pending.Take(10));

        // It took two seconds: the next ten belong to the others.
        pending.Finish(first);
        clock.Advance(9);
        Assert.Empty(pending.Take(10));
        clock.Advance(2);
        Assert.Equal([first], pending.Take(10));
        pending.Finish(first);
        Assert.Equal(0, pending.Count);
    }

    [Fact]
    public void Those_that_wait_longest_come_first_and_no_more_than_asked_for()
    {
        pending.Touch([second]);
        clock.Advance(0.1);
        pending.Touch([first]);
        clock.Advance(2);
        Assert.Equal([second], pending.Take(1));
        Assert.Equal([first], pending.Take(1));
    }

    [Fact]
    public void In_a_hurry_everything_is_due()
    {
        pending.Touch([first]);
        Assert.Empty(pending.Take(10));
        pending.Hurry();
        Assert.Equal([first], pending.Take(10));
        pending.Settle();
        pending.Touch([second]);
        Assert.Empty(pending.Take(10));
    }

    private sealed class ManualClock : TimeProvider
    {
        private long now = 1;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => now;

        public void Advance(double seconds) => now += (long)(seconds * 1000);
    }
}
