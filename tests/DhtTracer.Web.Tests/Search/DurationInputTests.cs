using DhtTracer.Storage.Filters;

namespace DhtTracer.Web.Tests.Search;

public sealed class DurationInputTests
{
    [Theory]
    [InlineData("250ms", 250_000_000)]
    [InlineData("1.5s", 1_500_000_000)]
    [InlineData("2m", 120_000_000_000)]
    [InlineData("3", 3_000_000_000)]
    [InlineData("10 us", 10_000)]
    [InlineData("0", 0)]
    [InlineData("1m 0.2s", 60_200_000_000)]
    [InlineData("1h 3m", 3_780_000_000_000)]
    public void Reads_durations_as_people_write_them(string text, long expected)
    {
        Assert.True(DurationInput.TryParse(text, out var nanoseconds));
        Assert.Equal(expected, nanoseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("fast")]
    [InlineData("-1s")]
    [InlineData("1e30s")]
    [InlineData("NaN")]
    [InlineData("99999999h")]
    [InlineData("1m 2")]
    [InlineData("8000h 8000h")]
    public void Refuses_the_rest(string text) => Assert.False(DurationInput.TryParse(text, out _));
}
