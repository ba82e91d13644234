using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Tests.Waterfalls;

public class TimeWindowTests
{
    private const long Ms = 1_000_000;

    [Theory]
    [InlineData(0, 7500, "0 1s 2s 3s 4s 5s 6s 7s")]
    [InlineData(1200, 1210, "1.2s 1.202s 1.204s 1.206s 1.208s 1.21s")]
    [InlineData(3, 5, "3ms 3.5ms 4ms 4.5ms 5ms")]
    [InlineData(65_000, 70_000, "1m 5s 1m 6s 1m 7s 1m 8s 1m 9s 1m 10s")]
    [InlineData(60_000, 60_400, "1m 1m 0.1s 1m 0.2s 1m 0.3s 1m 0.4s")]
    public void Ticks_are_round_and_told_from_each_other(long fromMs, long toMs, string expected)
    {
        var window = new TimeWindow(fromMs * Ms, toMs * Ms);
        Assert.Equal(expected, string.Join(' ', window.Ticks().Select(tick => window.TickText(tick))));
    }

    [Fact]
    public void The_shortest_window_has_ticks_of_single_nanoseconds()
    {
        var window = new TimeWindow(5, 9);
        Assert.Equal(["5ns", "6ns", "7ns", "8ns", "9ns"], window.Ticks().Select(tick => window.TickText(tick)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(31)]
    public void There_are_never_more_ticks_than_asked_for_and_one_more_only_at_the_edge(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 200; i++)
        {
            var from = random.NextInt64(0, 100_000_000_000);
            var window = new TimeWindow(from, from + random.NextInt64(1, 100_000_000_000));
            var ticks = window.Ticks();
            Assert.InRange(ticks.Length, 0, 8);
            Assert.All(ticks, tick => Assert.InRange(tick, window.FromNs, window.ToNs));
            Assert.Equal(ticks.Length, ticks.Select(tick => window.TickText(tick)).Distinct(StringComparer.Ordinal).Count());
        }
    }

    [Fact]
    public void Percent_reaches_beyond_the_window()
    {
        var window = new TimeWindow(1000, 3000);
        Assert.Equal([-50, 0, 50, 100, 150], new long[] { 0, 1000, 2000, 3000, 4000 }.Select(window.Percent));
    }
}
