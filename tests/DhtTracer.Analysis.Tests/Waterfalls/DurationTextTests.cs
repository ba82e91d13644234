using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Tests.Waterfalls;

public class DurationTextTests
{
    [Theory]
    [InlineData(0L, "0ns")]
    [InlineData(850L, "850ns")]
    [InlineData(12_400L, "12µs")]
    [InlineData(999_499L, "999µs")]
    [InlineData(999_500L, "1ms")]
    [InlineData(1_440_000L, "1.4ms")]
    [InlineData(9_949_999L, "9.9ms")]
    [InlineData(9_950_000L, "10ms")]
    [InlineData(310_000_000L, "310ms")]
    [InlineData(894_400_000L, "894ms")]
    [InlineData(999_499_999L, "999ms")]
    [InlineData(999_500_000L, "1s")]
    [InlineData(3_000_000_000L, "3s")]
    [InlineData(7_500_000_000L, "7.5s")]
    [InlineData(59_949_999_999L, "59.9s")]
    [InlineData(59_950_000_000L, "1m")]
    [InlineData(60_200_000_000L, "1m 0.2s")]
    [InlineData(125_000_000_000L, "2m 5s")]
    [InlineData(599_949_999_999L, "9m 59.9s")]
    [InlineData(599_950_000_000L, "10m")]
    [InlineData(725_300_000_000L, "12m 5s")]
    [InlineData(3_600_000_000_000L, "1h")]
    [InlineData(3_780_000_000_000L, "1h 3m")]
    [InlineData(-310_000_000L, "−310ms")]
    public void A_duration_is_shown_in_the_unit_people_would_use(long nanoseconds, string text) =>
        Assert.Equal(text, DurationText.Of(nanoseconds));

    [Fact]
    public void An_unknown_duration_is_a_dash_and_not_zero() => Assert.Equal("–", DurationText.Of(null));

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void The_extremes_do_not_overflow(long nanoseconds) =>
        Assert.EndsWith("m", DurationText.Of(nanoseconds), StringComparison.Ordinal);
}
