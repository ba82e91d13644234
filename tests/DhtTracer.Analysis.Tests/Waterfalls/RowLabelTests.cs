using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Tests.Waterfalls;

public class RowLabelTests
{
    private const long Ms = 1_000_000;

    [Fact]
    public void An_answer_shows_dial_plus_request_time_and_new_of_returned_peers()
    {
        var peer = Peer(PeerState.Answered) with
        {
            Dial = new PeerDial(0, 100 * Ms, false, null),
            Requests = [Request(RequestOutcome.Answered, 210 * Ms) with { Returned = 5, New = 2 }],
        };

        Assert.Equal("310ms, 2/5 peers", RowLabel.Of(peer));
    }

    [Fact]
    public void A_failure_shows_a_cross_and_how_long_it_took()
    {
        var peer = Peer(PeerState.DialFailed) with
        {
            Dial = new PeerDial(0, 3000 * Ms, false, new TraceError(ErrorClass.DialTimeout, null)),
        };

        Assert.Equal("✗ 3s", RowLabel.Of(peer));
        Assert.Equal("dial timeout", RowLabel.Failure(peer));
    }

    [Fact]
    public void Records_are_counted_behind_a_check_mark()
    {
        var peer = Peer(PeerState.Answered) with
        {
            Requests = [Request(RequestOutcome.Answered, 894 * Ms) with { Returned = 7, New = 1, Providers = 3 }],
        };

        Assert.Equal("✓ 894ms, 3 rec, 1/7 peers", RowLabel.Of(peer));
    }

    [Fact]
    public void A_peer_asked_again_is_marked() =>
        Assert.Equal(
            "20ms, 0/3 peers ⚠ dup",
            RowLabel.Of(
                Peer(PeerState.Answered) with
                {
                    Duplicate = true,
                    Requests =
                    [
                        Request(RequestOutcome.Answered, 15 * Ms) with
                        {
                            Returned = 3,
                            New = 0,
                        },
                        Request(RequestOutcome.Answered, 5 * Ms),
                    ],
                }
            )
        );

    [Fact]
    public void Unknown_counts_are_left_out_rather_than_shown_as_zero() =>
        Assert.Equal("80ms", RowLabel.Of(Peer(PeerState.Answered) with { Requests = [Request(RequestOutcome.Answered, 80 * Ms)] }));

    [Theory]
    [InlineData(PeerState.Heard, "not queried")]
    [InlineData(PeerState.Queued, "queued")]
    [InlineData(PeerState.Dialing, "dialing, never finished")]
    public void A_peer_that_was_never_asked_says_so(PeerState state, string text) => Assert.Equal(text, RowLabel.Of(Peer(state)));

    [Theory]
    [InlineData(QueryOutcome.Success, "310ms, not needed any more")]
    [InlineData(QueryOutcome.Cancelled, "310ms, cancelled by the caller")]
    [InlineData(QueryOutcome.TimedOut, "310ms, cut off by the deadline")]
    [InlineData(QueryOutcome.Failed, "310ms, cancelled")]
    public void What_was_cut_off_says_who_ended_it(QueryOutcome outcome, string text) =>
        Assert.Equal(
            text,
            RowLabel.WithoutMark(Peer(PeerState.Cancelled) with { Requests = [Request(RequestOutcome.Cancelled, 310 * Ms)] }, outcome)
        );

    [Fact]
    public void A_message_without_an_answer_in_the_protocol_is_sent() =>
        Assert.Equal("2ms, sent", RowLabel.Of(Peer(PeerState.Sent) with { Requests = [Request(RequestOutcome.Sent, 2 * Ms)] }));

    [Fact]
    public void A_peer_whose_spans_were_lost_is_unknown() => Assert.Equal("unknown: spans lost", RowLabel.Of(Peer(PeerState.Unknown)));

    [Fact]
    public void A_request_without_an_end_is_in_flight_while_its_query_runs()
    {
        var peer = Peer(PeerState.NoAnswer) with
        {
            Requests =
            [
                new PeerRequest
                {
                    Type = MessageType.FindNode,
                    StartNs = 0,
                    Outcome = RequestOutcome.NoAnswer,
                },
            ],
        };

        Assert.Equal("in flight", RowLabel.WithoutMark(peer, running: true));
        Assert.Equal("no answer seen", RowLabel.WithoutMark(peer));
    }

    private static QueryPeer Peer(PeerState state) => new() { Id = "QmPeer", State = state };

    private static PeerRequest Request(RequestOutcome outcome, long duration) =>
        new()
        {
            Type = MessageType.FindNode,
            StartNs = 0,
            DurationNs = duration,
            Outcome = outcome,
        };
}
