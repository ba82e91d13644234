using DhtTracer.Ingestion.Analysis;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Tests.Analysis;

public sealed class TraceAssemblyTests
{
    private static readonly TraceId First = MakeSpans.Trace(1);
    private static readonly TraceId Second = MakeSpans.Trace(2);
    private readonly ManualClock _clock = new();
    private readonly TraceAssembly _assembly;

    public TraceAssemblyTests()
    {
        _assembly = new TraceAssembly(
            new AnalysisOptions
            {
                QuietPeriod = TimeSpan.FromSeconds(1),
                FirstLook = TimeSpan.FromSeconds(5),
                LongestWait = TimeSpan.FromSeconds(15),
                MaxAssemblyBytes = 10_000,
            },
            _clock
        );

        // The inbox was empty at the start.
        _assembly.AddStored([], 0);
    }

    [Fact]
    public void A_trace_is_due_when_nothing_came_for_the_quiet_period()
    {
        _assembly.Touch([First]);
        _clock.Advance(0.9);
        Assert.Empty(Take());
        _assembly.Touch([First]);
        _clock.Advance(0.9);
        Assert.Empty(Take());
        _clock.Advance(0.2);
        Assert.Equal([First], Take());
        Assert.Empty(Take());
    }

    [Fact]
    public void A_trace_that_never_falls_quiet_is_due_after_a_time_that_doubles_up_to_a_limit()
    {
        var waits = new List<double>();
        for (var (waited, time) = (0.0, 0.0); time < 55; time += 0.5, waited += 0.5)
        {
            _assembly.Touch([First]);
            if (_assembly.Take(10) is [var due])
            {
                waits.Add(waited);
                _assembly.Finish(due, done: true);
                waited = -0.5;
            }

            _clock.Advance(0.5);
        }

        Assert.Equal([5, 10, 15, 15], waits.Select(static wait => Math.Round(wait)));
    }

    [Fact]
    public void A_trace_touched_while_it_is_analysed_comes_again_and_later_the_more_it_cost()
    {
        _assembly.Touch([First]);
        _clock.Advance(1.1);
        var due = Assert.Single(_assembly.Take(10));
        _assembly.Touch([First]);
        _clock.Advance(0.5);
        Assert.Empty(Take());

        // It took half a second: the next ten belong to the others.
        _assembly.Finish(due, done: true);
        _clock.Advance(9);
        Assert.Empty(Take());
        _clock.Advance(1.1);
        Assert.Equal([First], Take());
    }

    [Fact]
    public void A_costly_trace_rests_even_if_its_next_spans_come_after_its_analysis()
    {
        _assembly.Touch([First]);
        _clock.Advance(1.1);
        var due = Assert.Single(_assembly.Take(10));
        _clock.Advance(0.5);
        _assembly.Finish(due, done: true);
        Assert.Equal(0, _assembly.Count);
        _assembly.Touch([First]);
        _clock.Advance(9);
        Assert.Empty(Take());
        _clock.Advance(1.1);
        Assert.Equal([First], Take());
    }

    [Fact]
    public void Those_that_wait_longest_come_first_and_no_more_than_asked_for()
    {
        _assembly.Touch([Second]);
        _clock.Advance(0.1);
        _assembly.Touch([First]);
        _clock.Advance(2);
        Assert.Equal([Second], Take(1));
        Assert.Equal([First], Take(1));
    }

    [Fact]
    public void In_a_hurry_everything_is_due()
    {
        _assembly.Touch([First]);
        Assert.Empty(Take());
        _assembly.Hurry();
        Assert.Equal([First], Take());
        _assembly.Settle();
        _assembly.Touch([Second]);
        Assert.Empty(Take());
    }

    [Fact]
    public void A_trace_is_due_with_its_spans_of_all_messages_in_their_order()
    {
        _assembly.Receive(Row(1, (First, 10), (Second, 20)));
        _assembly.Receive(Row(2, (First, 30)));
        _clock.Advance(1.1);
        var due = _assembly.Take(10);
        Assert.Equal([1L, 2L], due.Single(trace => trace.TraceId == First).Parts.Select(static part => part.Row));
        Assert.Equal([10, 30], due.Single(trace => trace.TraceId == First).Parts.Select(static part => part.Otlp.Length));
        Assert.Equal([20], due.Single(trace => trace.TraceId == Second).Parts.Select(static part => part.Otlp.Length));
    }

    [Fact]
    public void Spans_of_an_analysis_that_was_not_saved_wait_again_before_later_ones()
    {
        _assembly.Receive(Row(1, (First, 10)));
        _clock.Advance(1.1);
        var due = Assert.Single(_assembly.Take(10));
        _assembly.Receive(Row(2, (First, 10)));
        _assembly.Finish(due, done: false);
        _clock.Advance(1.1);
        Assert.Equal([1L, 2L], Assert.Single(_assembly.Take(10)).Parts.Select(static part => part.Row));
    }

    [Fact]
    public void A_message_counts_once_although_it_is_received_and_read()
    {
        _assembly.Receive(Row(1, (First, 10)));
        _assembly.AddStored([Row(1, (First, 10))], 1);
        _clock.Advance(1.1);
        Assert.Single(Assert.Single(_assembly.Take(10)).Parts);
    }

    [Fact]
    public void Above_half_of_its_memory_the_trace_that_is_quiet_for_longest_is_due()
    {
        _assembly.Receive(Row(1, (First, 2000)));
        _clock.Advance(0.1);
        _assembly.Receive(Row(2, (Second, 2000)));
        _clock.Advance(0.1);
        Assert.Empty(Take());
        _assembly.Receive(Row(3, (First, 2000)));
        Assert.Equal([Second], Take(1));
    }

    [Fact]
    public async Task What_does_not_fit_is_read_from_the_inbox_later_and_in_order()
    {
        _assembly.Receive(Row(1, (First, 11_000)));
        _assembly.Receive(Row(2, (Second, 50)));
        _assembly.Receive(Row(3, (First, 50)));
        Assert.True(_assembly.IsBehind);
        Assert.InRange(_assembly.Bytes, 11_000, 12_000);

        _assembly.Finish(Assert.Single(_assembly.Take(10)), done: true);
        Assert.Equal(0, _assembly.Bytes);
        Assert.Equal((1L, 3L), await _assembly.WaitUntilBehindAsync(TestContext.Current.CancellationToken));
        _assembly.AddStored([Row(2, (Second, 50))], 3);

        // A message that arrives meanwhile has its turn after the ones before it.
        _assembly.Receive(Row(4, (Second, 70)));
        _assembly.AddStored([Row(3, (First, 50)), Row(4, (Second, 70))], 4);
        _assembly.AddStored([], 4);
        Assert.False(_assembly.IsBehind);
        _clock.Advance(1.1);
        Assert.Equal([2L, 4L], _assembly.Take(10).Single(trace => trace.TraceId == Second).Parts.Select(static part => part.Row));
    }

    [Fact]
    public void Messages_of_another_process_are_those_that_were_passed_without_being_received()
    {
        _assembly.Receive(Row(1, (First, 10)));
        _assembly.Receive(Row(3, (First, 10)));
        Assert.Equal([2L], _assembly.Unknown([1, 2, 3, 4]));
        _assembly.AddForeign([Row(2, (Second, 10))]);
        Assert.Empty(_assembly.Unknown([1, 2, 3, 4]));

        // Those that are newer are read in order.
        Assert.True(_assembly.IsBehind);
    }

    private static InboxRow Row(long number, params (TraceId Trace, int Bytes)[] traces) =>
        new(number, number, [.. traces.Select(static trace => new TraceChunk(trace.Trace, new byte[trace.Bytes], 1))]);

    private List<TraceId> Take(int most = 10) => [.. _assembly.Take(most).Select(static due => due.TraceId)];

    private sealed class ManualClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => _now;

        public void Advance(double seconds) => _now += (long)(seconds * 1000);
    }
}
