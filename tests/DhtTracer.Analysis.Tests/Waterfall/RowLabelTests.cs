namespace DhtTracer.Analysis.Tests;

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
        var peer = Peer(PeerState.DialFailed) with { Dial = new PeerDial(0, 3000 * Ms, false, new TraceError(ErrorClass.DialTimeout, null)) };

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
            RowLabel.Of(Peer(PeerState.Answered) with
            {
                Duplicate = true,
                Requests =
                [
                    Request(RequestOutcome.Answered, 15 * Ms) with { Returned = 3, New = 0 },
                    Request(RequestOutcome.Answered, 5 * Ms),
                ],
            }));

    [Fact]
    public void Unknown_counts_are_left_out_rather_than_shown_as_zero() =>
        Assert.Equal("80ms", RowLabel.Of(Peer(PeerState.Answered) with { Requests = [Request(RequestOutcome.Answered, 80 * Ms)] }));

    [Theory]
    [InlineData(PeerState.Heard, "not queried")]
    [InlineData(PeerState.Queued, "queued")]
    [InlineData(PeerState.Dialing, "dialing, never finished")]
    public void A_peer_that_was_never_asked_says_so(PeerState state, string text) => Assert.Equal(text, RowLabel.Of(Peer(state)));

    private static QueryPeer Peer(PeerState state) => new() { Id = "QmPeer", State = state };

    private static PeerRequest Request(RequestOutcome outcome, long duration) =>
        new() { Type = MessageType.FindNode, StartNs = 0, DurationNs = duration, Outcome = outcome };
}
