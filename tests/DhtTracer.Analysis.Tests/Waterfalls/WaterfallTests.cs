using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Waterfalls;

public class WaterfallTests
{
    private const long Ms = 1_000_000;

    private static readonly QueryPeer Answered = new()
    {
        Id = "A",
        State = PeerState.Answered,
        Order = 2,
        Xor = 250,
        Hops = 0,
        HeardNs = 0,
        Dial = new PeerDial(5 * Ms, 20 * Ms, false, null),
        Requests =
        [
            new PeerRequest
            {
                Type = MessageType.FindNode,
                StartNs = 30 * Ms,
                DurationNs = 40 * Ms,
                Outcome = RequestOutcome.Answered,
            },
        ],
    };

    private static readonly QueryPeer DialFailed = new()
    {
        Id = "B",
        State = PeerState.DialFailed,
        Order = 1,
        Xor = null,
        Hops = 1,
        HeardNs = 2 * Ms,
        Dial = new PeerDial(3 * Ms, 90 * Ms, false, new TraceError(ErrorClass.DialRefused, "refused")),
    };

    private static readonly QueryPeer NeverAsked = new()
    {
        Id = "C",
        State = PeerState.Queued,
        Xor = 240,
        Hops = 2,
        HeardNs = 60 * Ms,
    };

    private static readonly QueryPeer Dialing = new()
    {
        Id = "D",
        State = PeerState.Dialing,
        Order = 3,
        Xor = 245,
        Hops = 1,
        HeardNs = 50 * Ms,
        Dial = new PeerDial(55 * Ms, null, false, null),
    };

    [Fact]
    public void A_row_shows_queued_dialing_connected_and_request_one_after_the_other()
    {
        var row = Row("A");

        Assert.Equal(
            [
                new RowSegment(RowPhase.Queued, 0, 5 * Ms),
                new RowSegment(RowPhase.Dialing, 5 * Ms, 25 * Ms),
                new RowSegment(RowPhase.Connected, 25 * Ms, 30 * Ms),
                new RowSegment(RowPhase.Request, 30 * Ms, 70 * Ms, Message: MessageType.FindNode),
            ],
            row.Segments
        );
        Assert.Equal(70 * Ms, row.EndNs);
    }

    [Fact]
    public void A_reused_connection_has_no_dialing_bar()
    {
        var reused = Answered with { Dial = new PeerDial(5 * Ms, 0, true, null) };

        Assert.Equal(
            [RowPhase.Queued, RowPhase.Connected, RowPhase.Request],
            WaterfallRow.Of(reused, 100 * Ms, Example()).Segments.Select(s => s.Phase)
        );
    }

    [Fact]
    public void A_failed_dial_is_marked_on_its_bar() => Assert.True(Row("B").Segments.Single(s => s.Phase == RowPhase.Dialing).Failed);

    [Fact]
    public void A_peer_that_waited_to_the_end_is_queued_to_the_end() =>
        Assert.Equal([new RowSegment(RowPhase.Queued, 60 * Ms, 100 * Ms)], Row("C").Segments);

    [Fact]
    public void A_dial_without_an_end_is_drawn_open_to_the_end_of_the_axis() =>
        Assert.Equal(new RowSegment(RowPhase.Dialing, 55 * Ms, 100 * Ms, Open: true), Row("D").Segments[^1]);

    [Theory]
    [InlineData(PeerSort.Heard, false, "ABCD")]
    [InlineData(PeerSort.Xor, false, "CDAB")]
    [InlineData(PeerSort.Xor, true, "ADCB")]
    [InlineData(PeerSort.Hops, false, "ABDC")]
    [InlineData(PeerSort.Order, false, "BADC")]
    [InlineData(PeerSort.Start, true, "DABC")]
    [InlineData(PeerSort.Duration, false, "ABCD")]
    public void Rows_are_sorted_with_unknown_values_last(PeerSort sort, bool descending, string expected) =>
        Assert.Equal(expected, string.Concat(Waterfall.Of(Example(), sort, descending).Rows.Select(row => row.Peer.Id)));

    [Theory]
    [InlineData(PeerFilter.All, "ABCD")]
    [InlineData(PeerFilter.Completed, "A")]
    [InlineData(PeerFilter.Failed, "B")]
    [InlineData(PeerFilter.Unfinished, "")]
    [InlineData(PeerFilter.Unqueried, "CD")]
    [InlineData(PeerFilter.Contacted, "ABD")]
    public void Rows_are_filtered_by_how_far_they_got(PeerFilter filter, string expected) =>
        Assert.Equal(expected, string.Concat(Waterfall.Of(Example(), filter: filter).Rows.Select(row => row.Peer.Id)));

    [Fact]
    public void The_header_shows_unknown_counts_as_unknown()
    {
        var waterfall = Waterfall.Of(Example());

        Assert.Equal("Seen 4, Queried 1, Remaining 1; not in the trace: dialed, to query, results", waterfall.Counts);
        Assert.Equal("100ms, 4 peers", waterfall.Summary);
    }

    [Fact]
    public void A_lower_bound_of_the_peers_seen_is_marked_as_one()
    {
        var query = Example() with
        {
            Counts = new QueryCounts
            {
                Seen = 60,
                SeenComplete = false,
                Queried = 20,
                Dialed = 3,
                ToQuery = 0,
                Remaining = 40,
                Results = 2,
            },
            Type = QueryType.GetProviders,
        };

        Assert.Equal("Seen ≥ 60, Queried 20, Dialed 3, To query 0, Remaining 40, Results 2", Waterfall.Of(query).Counts);
        Assert.Equal("100ms, 2 rec, ≥ 60 peers", Waterfall.Of(query).Summary);
    }

    [Fact]
    public void A_missing_end_is_named_and_nothing_else_is_said_of_what_is_unknown() =>
        Assert.Equal("end not in the trace", Waterfall.Of(Example() with { DurationNs = null, Counts = new QueryCounts() }).Summary);

    [Theory]
    [InlineData(QueryType.GetProviders, 3, null, "3 rec")]
    [InlineData(QueryType.FindPeer, 1, null, "peer found")]
    [InlineData(QueryType.GetClosestPeers, 20, null, "20 returned")]
    [InlineData(QueryType.PutValue, 8, null, "stored at 8")]
    [InlineData(QueryType.AddProvider, 20, 20, "sent to 20")]
    [InlineData(QueryType.GetValue, null, null, null)]
    public void Results_are_named_by_what_was_asked(QueryType type, int? results, int? sent, string? text) =>
        Assert.Equal(
            text,
            HeaderText.Results(
                Example() with
                {
                    Type = type,
                    Counts = new QueryCounts { Results = results, Sent = sent },
                }
            )
        );

    [Theory]
    [InlineData(2, 0, "2")]
    [InlineData(null, 1, "≥ 1")]
    [InlineData(null, 0, "–")]
    [InlineData(null, null, "–")]
    public void Hops_are_exact_or_a_bound_or_unknown(int? hops, int? atLeast, string text) =>
        Assert.Equal(text, HeaderText.Hops(hops, atLeast));

    [Fact]
    public void Peers_that_were_only_heard_of_are_not_contacted()
    {
        var heard = new QueryPeer { Id = "H", State = PeerState.Heard };
        var lost = new QueryPeer { Id = "U", State = PeerState.Unknown };

        // Whether the second was asked cannot be known, so it is not folded away with those that were not.
        Assert.Equal(
            ["U"],
            Waterfall.Of(Example() with { Peers = [heard, lost] }, filter: PeerFilter.Contacted).Rows.Select(row => row.Peer.Id)
        );
    }

    [Fact]
    public void A_request_whose_asking_is_unknown_is_a_moment_at_its_answer()
    {
        var peer = new QueryPeer
        {
            Id = "L",
            State = PeerState.Answered,
            Requests =
            [
                new PeerRequest
                {
                    Type = MessageType.FindNode,
                    StartNs = null,
                    EndNs = 70 * Ms,
                    Outcome = RequestOutcome.Answered,
                    Returned = 3,
                    New = 2,
                },
            ],
        };
        var row = WaterfallRow.Of(peer, 100 * Ms, Example());

        Assert.Equal(new RowSegment(RowPhase.Request, 70 * Ms, 70 * Ms, Message: MessageType.FindNode), Assert.Single(row.Segments));
        Assert.Equal("answered, 2/3 peers", row.Label);
    }

    [Fact]
    public void An_aborted_dial_is_cut_off_and_made_no_connection()
    {
        var peer = new QueryPeer
        {
            Id = "A",
            State = PeerState.Cancelled,
            HeardNs = 0,
            Dial = new PeerDial(0, 40 * Ms, null, null),
        };

        Assert.Equal([RowPhase.Cancelled], WaterfallRow.Of(peer, 100 * Ms, Example()).Segments.Select(bar => bar.Phase));
        Assert.DoesNotContain(PeerPhase.Of(peer), phase => phase.Kind == PeerPhaseKind.Connected);
    }

    [Fact]
    public void The_axis_is_long_enough_for_what_outlives_the_query()
    {
        var late = Example() with { DurationNs = 10 * Ms };

        Assert.Equal(93 * Ms, Waterfall.Of(late).AxisNs);
    }

    [Theory]
    [InlineData(
        7_500_000_000L,
        new[] { 0L, 1_000_000_000, 2_000_000_000, 3_000_000_000, 4_000_000_000, 5_000_000_000, 6_000_000_000, 7_000_000_000 }
    )]
    [InlineData(1L, new[] { 0L, 1 })]
    [InlineData(100L, new[] { 0L, 20, 40, 60, 80, 100 })]
    public void Ticks_are_round(long axis, long[] expected) => Assert.Equal(expected, Waterfall.Ticks(axis));

    [Fact]
    public void Ticks_of_the_longest_axis_end() => Assert.InRange(Waterfall.Ticks(long.MaxValue).Length, 2, 8);

    private static WaterfallRow Row(string id) => Waterfall.Of(Example()).Rows.Single(row => row.Peer.Id == id);

    private static Query Example() =>
        new()
        {
            Id = new QueryId(new TraceId(1, 2), new SpanId(3)),
            OperationId = new QueryId(new TraceId(1, 2), new SpanId(3)),
            Type = QueryType.FindPeer,
            Source = TraceSource.Native,
            StartUnixNano = 1,
            DurationNs = 100 * Ms,
            Outcome = QueryOutcome.Success,
            Counts = new QueryCounts
            {
                Seen = 4,
                Queried = 1,
                Remaining = 1,
            },
            Peers = [Answered, DialFailed, NeverAsked, Dialing],
        };
}
