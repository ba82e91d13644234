using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Operations;

/// <summary>Which stream of query events and which operation of a daemon's spans are the same.</summary>
public sealed class EventStreamMatchTests
{
    private const ulong Start = 1_700_000_000_000_000_000;
    private const long Second = 1_000_000_000;

    [Fact]
    public void The_only_operation_at_the_same_time_with_the_same_peers_is_joined()
    {
        var stream = Stream(1, Start, [1, 2, 3]);
        Assert.Equal(
            [new StreamMatch(stream.Id, Operation(2, Start, []).Id, 1)],
            EventStreamMatch.Match(
                [stream],
                [
                    Operation(1, Start - 1000 * (ulong)Second, [1, 2, 3]),
                    Operation(2, Start + 1000, [3, 2, 1]),
                    Operation(3, Start, [1, 2, 4]),
                ]
            )
        );
    }

    [Fact]
    public void Clocks_may_differ_by_a_second_and_no_more()
    {
        var stream = Stream(1, Start, [1]);
        Assert.True(EventStreamMatch.Fits(stream, Operation(1, Start + (2 * (ulong)Second), [1])));
        Assert.False(EventStreamMatch.Fits(stream, Operation(1, Start + (2 * (ulong)Second) + 1, [1])));
        Assert.True(EventStreamMatch.Fits(stream, Operation(1, Start - (2 * (ulong)Second), [1])));
        Assert.False(EventStreamMatch.Fits(stream, Operation(1, Start - (2 * (ulong)Second) - 1, [1])));
    }

    [Fact]
    public void Another_node_is_never_joined()
    {
        Assert.False(EventStreamMatch.Fits(Stream(1, Start, [1]) with { Node = "A" }, Operation(1, Start, [1]) with { Node = "B" }));
        Assert.True(EventStreamMatch.Fits(Stream(1, Start, [1]) with { Node = "A" }, Operation(1, Start, [1]) with { Node = "A" }));
        Assert.True(EventStreamMatch.Fits(Stream(1, Start, [1]) with { Node = "A" }, Operation(1, Start, [1])));
    }

    [Fact]
    public void Without_times_the_peers_decide_when_exactly_one_operation_fits()
    {
        var saved = Saved(1, [1, 2]);
        var (first, second, other) = (Operation(1, Start, [1, 2]), Operation(2, Start + 5, [1, 2]), Operation(3, Start, [1, 5]));
        Assert.Equal([new StreamMatch(saved.Id, first.Id, 1)], EventStreamMatch.Match([saved], [first, other]));
        Assert.Equal([new StreamMatch(saved.Id, null, 2)], EventStreamMatch.Match([saved], [first, second, other]));
        Assert.Equal([new StreamMatch(saved.Id, null, 0)], EventStreamMatch.Match([saved], [other]));
    }

    [Fact]
    public void A_saved_stream_that_shows_nobody_asked_fits_nothing() =>
        Assert.False(EventStreamMatch.Fits(Saved(1, []), Operation(1, Start, [])));

    [Fact]
    public void Two_streams_that_fit_one_operation_are_both_left_alone()
    {
        var operation = Operation(1, Start, [1, 2]);
        var other = Operation(2, Start, [7]);
        Assert.Equal(
            [null, null, other.Id],
            EventStreamMatch
                .Match([Saved(1, [1, 2]), Saved(2, [1, 2]), Saved(3, [7])], [operation, other])
                .Select(static match => match.Operation)
        );
    }

    [Fact]
    public void The_order_in_which_they_are_given_does_not_matter()
    {
        JoinCandidate[] streams = [Saved(1, [1, 2]), Stream(2, Start, [1, 2]), Stream(3, Start + (9 * (ulong)Second), [4])];
        JoinCandidate[] operations = [Operation(1, Start, [1, 2]), Operation(2, Start + (9 * (ulong)Second), [4]), Operation(3, 5, [1, 2])];
        Assert.Equal(
            EventStreamMatch.Match(streams, operations).OrderBy(static match => match.Stream.TraceId.Low),
            EventStreamMatch.Match([.. streams.Reverse()], [.. operations.Reverse()]).OrderBy(static match => match.Stream.TraceId.Low)
        );
    }

    [Fact]
    public void Peers_may_be_missing_only_where_spans_or_events_are_known_to_be()
    {
        var whole = Stream(1, Start, [1, 2, 3, 4]);
        Assert.False(EventStreamMatch.Fits(whole, Operation(1, Start, [1, 2, 3])));
        Assert.True(EventStreamMatch.Fits(whole, Operation(1, Start, [1]) with { IsWhole = false }));
        Assert.False(EventStreamMatch.Fits(whole, Operation(1, Start, [9]) with { IsWhole = false }));
        Assert.False(EventStreamMatch.Fits(whole, Operation(1, Start, []) with { IsWhole = false }));
        Assert.True(EventStreamMatch.Fits(whole with { IsWhole = false }, Operation(1, Start, [1, 2, 3, 4, 5])));
        Assert.False(EventStreamMatch.Fits(whole, Operation(1, Start, [1, 2, 3, 4, 5])));

        // Without times at least half of them.
        Assert.True(EventStreamMatch.Fits(Saved(1, [1, 2, 3, 4]), Operation(1, Start, [1, 2]) with { IsWhole = false }));
        Assert.False(EventStreamMatch.Fits(Saved(1, [1, 2, 3, 4]), Operation(1, Start, [1]) with { IsWhole = false }));
    }

    private static JoinCandidate Stream(int number, ulong start, long[] asked) =>
        new(new QueryId(new TraceId(1, (ulong)number), new SpanId(1)), null, start, Second, true, true, asked.ToHashSet());

    private static JoinCandidate Saved(int number, long[] asked) => Stream(number, 0, asked) with { DurationNs = null, IsTimed = false };

    private static JoinCandidate Operation(int number, ulong start, long[] asked) =>
        new(new QueryId(new TraceId(2, (ulong)number), new SpanId(1)), null, start, Second, true, true, asked.ToHashSet());
}
