using DhtTracer.Analysis.Explain.Replay;

namespace DhtTracer.Analysis.Tests.Explain.Replay;

/// <summary>What was cut off takes longer than it had lasted by then.</summary>
public class CutOffTests
{
    private const long Millisecond = 1_000_000;
    private static readonly PeerTiming Reused = Timing(dialMs: 0, requestMs: 90);
    private static readonly PeerTiming Dialed = Timing(dialMs: 12, requestMs: 40);
    private static readonly PeerTiming Refused = Timing(dialMs: 5, requestMs: 0) with { DialFailed = true };

    [Fact]
    public void A_dial_that_was_cut_off_takes_as_long_as_one_of_the_dials_that_took_longer()
    {
        var cutOff = new CutOff(7, null, 0, 6 * Millisecond);

        for (var draw = 0; draw < 3; draw++)
        {
            var timing = cutOff.Complete([Reused, Dialed, Refused], count => draw % count);
            Assert.Equal(Dialed with { ReactionNs = 7 }, timing);
        }
    }

    [Fact]
    public void A_dial_longer_than_all_others_goes_on_for_another_dial()
    {
        var timing = new CutOff(0, null, 0, 20 * Millisecond).Complete([Reused, Dialed], static _ => 1);

        Assert.Equal(32 * Millisecond, timing.DialNs);
        Assert.Equal(20 * Millisecond, new CutOff(0, null, 0, 20 * Millisecond).Complete([Reused, Dialed], static _ => 0).DialNs);
    }

    [Fact]
    public void A_request_that_was_cut_off_keeps_its_dial_and_takes_as_long_as_one_of_the_longer_requests()
    {
        var timing = new CutOff(7, 3 * Millisecond, 2, 50 * Millisecond).Complete([Reused, Dialed, Refused], static _ => 0);

        Assert.Equal(Timing(dialMs: 3, requestMs: 90) with { ReactionNs = 7, GapNs = 2 }, timing);
    }

    [Fact]
    public void A_request_longer_than_all_others_goes_on_for_another_request_and_does_not_fail_at_its_dial()
    {
        var timing = new CutOff(0, 3 * Millisecond, 0, 200 * Millisecond).Complete([Refused], static _ => 0);

        Assert.False(timing.Failed);
        Assert.Equal((3 * Millisecond, 200 * Millisecond), (timing.DialNs, timing.RequestNs));
    }

    private static PeerTiming Timing(long dialMs, long requestMs) =>
        new(0, dialMs * Millisecond, false, false, 0, requestMs * Millisecond, false, false);
}
