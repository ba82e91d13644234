using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Tests.Waterfalls;

public class PeerPhaseTests
{
    private static readonly PeerRequest First = new()
    {
        Type = MessageType.FindNode,
        StartNs = 40,
        DurationNs = 50,
        Outcome = RequestOutcome.Answered,
    };

    [Fact]
    public void A_peer_that_was_dialed_and_answered_has_every_phase()
    {
        var peer = Peer(PeerState.Answered) with
        {
            Dial = new PeerDial(10, 25, false, null),
            Requests = [First, First with { StartNs = 120, DurationNs = 7 }],
        };
        Assert.Equal(
            [
                (PeerPhaseKind.Heard, 3, 3, null),
                (PeerPhaseKind.Queued, 3, 10, 7),
                (PeerPhaseKind.Dialing, 10, 35, 25),
                (PeerPhaseKind.Connected, 35, 40, 5),
                (PeerPhaseKind.Request, 40, 90, 50),
                (PeerPhaseKind.Request, 120, 127, 7),
                (PeerPhaseKind.Answered, 90, 90, null),
            ],
            Times(peer)
        );
    }

    [Fact]
    public void A_reused_connection_has_no_dialing()
    {
        var peer = Peer(PeerState.Answered) with { Dial = new PeerDial(10, 1, true, null), Requests = [First] };
        Assert.DoesNotContain(PeerPhase.Of(peer), phase => phase.Kind == PeerPhaseKind.Dialing);
        Assert.Contains((PeerPhaseKind.Connected, 11L, 40L, 29L), Times(peer));
    }

    [Fact]
    public void A_dial_that_the_trace_does_not_show_has_unknown_times_and_not_zero()
    {
        var peer = Peer(PeerState.Answered) with { Requests = [First], HeardNs = null };
        Assert.Equal(
            [
                (PeerPhaseKind.Heard, null, null, null),
                (PeerPhaseKind.Queued, null, 40, null),
                (PeerPhaseKind.Dialing, null, null, null),
                (PeerPhaseKind.Request, 40, 90, 50),
                (PeerPhaseKind.Answered, 90, 90, null),
            ],
            Times(peer)
        );
    }

    [Fact]
    public void A_failed_dial_ends_there_with_its_error()
    {
        var error = new TraceError(ErrorClass.DialTimeout, "context deadline exceeded");
        var peer = Peer(PeerState.DialFailed) with { Dial = new PeerDial(10, 3000, false, error) };
        Assert.Equal([PeerPhaseKind.Heard, PeerPhaseKind.Queued, PeerPhaseKind.Dialing], PeerPhase.Of(peer).Select(phase => phase.Kind));
        Assert.Same(error, PeerPhase.Of(peer)[2].Error);
    }

    [Fact]
    public void What_never_ended_has_no_end()
    {
        var dialing = Peer(PeerState.Dialing) with { Dial = new PeerDial(10, null, false, null) };
        Assert.Contains((PeerPhaseKind.Dialing, 10L, null, null), Times(dialing));
        Assert.Equal([(PeerPhaseKind.Heard, 3, 3, null), (PeerPhaseKind.Queued, 3, null, null)], Times(Peer(PeerState.Queued)));
    }

    [Fact]
    public void A_text_is_found_in_id_agent_address_and_error_class()
    {
        var peer = Peer(PeerState.DialFailed) with
        {
            Agent = "kubo/0.38.0",
            Addresses = ["/ip4/203.0.113.7/tcp/4001"],
            Dial = new PeerDial(10, 3000, false, new TraceError(ErrorClass.DialTimeout, "deadline")),
        };
        Assert.All(
            ["KOOWA", "Kubo/0.38", "203.0.113.7/tcp", "dial-timeout", "dial timeout"],
            text => Assert.True(PeerRows.Contains(peer, text), text)
        );
        Assert.All(["rust", "198.51", "reset", "deadline"], text => Assert.False(PeerRows.Contains(peer, text), text));
    }

    private static QueryPeer Peer(PeerState state) =>
        new()
        {
            Id = "12D3KooWAbc",
            State = state,
            HeardNs = 3,
        };

    private static List<(PeerPhaseKind Kind, long? Start, long? End, long? Duration)> Times(QueryPeer peer) =>
        [.. PeerPhase.Of(peer).Select(phase => (phase.Kind, phase.StartNs, phase.EndNs, phase.DurationNs))];
}
