using DhtTracer.Web.Charts;

namespace DhtTracer.Web.Tests.Charts;

public sealed class LogScaleTests
{
    private const long Ms = 1_000_000;

    [Fact]
    public void An_axis_fits_the_data_and_not_whole_powers_of_ten()
    {
        // 30 ms to 700 ms lie between the rungs 20 ms and 1 s.
        var scale = LogScale.Fit(30 * Ms, 700 * Ms);
        Assert.Equal(0, scale.X(20 * Ms), 6);
        Assert.Equal(100, scale.X(1000 * Ms), 6);
        Assert.Equal([20 * Ms, 50 * Ms, 100 * Ms, 200 * Ms, 500 * Ms, 1000 * Ms], scale.Labels());
    }

    [Fact]
    public void Above_a_minute_the_ends_are_whole_minutes()
    {
        var scale = LogScale.Fit(4_000 * Ms, 70_000 * Ms);
        Assert.Equal(120_000 * Ms, scale.Labels()[^1]);
        Assert.Equal(100, scale.X(120_000 * Ms), 6);
        Assert.Equal(0, scale.X(2_000 * Ms), 6);
    }

    [Fact]
    public void Equal_ratios_are_equal_lengths()
    {
        var scale = LogScale.Fit(Ms, 1000 * Ms);
        Assert.Equal(scale.X(100 * Ms) - scale.X(10 * Ms), scale.X(1000 * Ms) - scale.X(100 * Ms), 6);
    }

    [Theory]
    [InlineData(200, 200)]
    [InlineData(0, 0)]
    [InlineData(1, 9_000_000_000_000)]
    [InlineData(7, 8)]
    public void Every_value_between_the_ends_is_on_the_axis_and_there_are_few_labels(long least, long greatest)
    {
        var scale = LogScale.Fit(least, greatest);
        Assert.InRange(scale.X(greatest), 0, 100);
        Assert.InRange(scale.X(least), 0, 100);
        Assert.InRange(scale.Labels().Count, 2, 6);
        Assert.All(scale.Labels(), label => Assert.InRange(scale.X(label), 0, 100));
    }
}
