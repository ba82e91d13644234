using DhtTracer.Cli;
using DhtTracer.Jaeger.Pull;

namespace DhtTracer.Tests.Cli;

public class PullLinesTests
{
    private static readonly PullProgress Step = new(1, 4, 2, 30, 600, 5, 0, 0.25, TimeSpan.FromSeconds(20));

    [Fact]
    public void A_line_tells_windows_traces_spans_pace_and_time_left() =>
        Assert.Equal("4 windows, 30 traces, 600 spans, 30/s, 0:01:00 left", PullDisplay.Line(Step));

    [Fact]
    public void What_fails_is_told_without_its_control_characters() =>
        Assert.Equal(
            "4 windows, 30 traces, 600 spans, 30/s, 0:01:00 left; trying again: connection \uFFFD[2Jrefused",
            PullDisplay.Line(Step with { Problem = "connection \e[2Jrefused" })
        );

    [Fact]
    public void Days_are_not_told_to_the_second() =>
        Assert.Contains(", 3 d left", PullDisplay.Line(Step with { Elapsed = TimeSpan.FromDays(1) }), StringComparison.Ordinal);

    [Fact]
    public void Lines_come_every_ten_seconds_and_at_once_when_a_problem_comes_or_goes()
    {
        var clock = new StillClock();
        using var output = new StringWriter();
        var lines = new PullLines(output, clock);
        lines.Show(Step);
        lines.Show(Step);
        lines.Show(Step with { Problem = "away" });
        lines.Show(Step with { Problem = "away" });
        lines.Show(Step);
        clock.Seconds = 10;
        lines.Show(Step);
        Assert.Equal(4, Lines(output));
        Assert.Single(output.ToString().Split('\n'), line => line.EndsWith("; trying again: away", StringComparison.Ordinal));
    }

    [Fact]
    public void A_pull_that_follows_and_finds_nothing_new_is_silent()
    {
        var clock = new StillClock();
        using var output = new StringWriter();
        var lines = new PullLines(output, clock);
        lines.Show(Step with { Fraction = 1 });
        clock.Seconds = 60;
        lines.Show(Step with { Fraction = 1, Windows = 9 });
        Assert.Equal(1, Lines(output));
        lines.Show(Step with { Fraction = 1, Spans = 601 });
        Assert.Equal(2, Lines(output));
    }

    private static int Lines(StringWriter output) => output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private sealed class StillClock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
