using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;

namespace DhtTracer.Analysis.Tests.Statistics.Comparing;

public class PercentileBootstrapTests
{
    [Theory]
    [InlineData(50)]
    [InlineData(90)]
    public void It_is_the_limit_of_drawing_many_resamples(int percent)
    {
        long[] a = [3, 5, 5, 8, 13, 21, 34, 34, 34, 55, 89, 144];
        long[] b = [4, 6, 10, 16, 26, 42, 68, 110, 178, 288];
        var random = new Random(1);
        var differences = Enumerable.Range(0, 200_000).Select(_ => Resample(b) - Resample(a)).Order().ToList();

        var interval = PercentileBootstrap.Difference(PercentileBootstrap.Of(a, percent), PercentileBootstrap.Of(b, percent), 0.9);

        // The distribution has steps: the drawn quantile may be one step aside, so its neighbourhood is compared.
        Assert.InRange(interval.Low, differences[(int)(200_000 * 0.048)], differences[(int)(200_000 * 0.052)]);
        Assert.InRange(interval.High, differences[(int)(200_000 * 0.948)], differences[(int)(200_000 * 0.952)]);

        long Resample(long[] values)
        {
            var drawn = Enumerable.Range(0, values.Length).Select(_ => values[random.Next(values.Length)]).Order().ToArray();
            return drawn[(int)Math.Ceiling(percent / 100.0 * drawn.Length) - 1];
        }
    }

    [Fact]
    public void Values_that_are_all_the_same_have_no_spread() =>
        Assert.Equal(
            new ValueInterval(2, 2),
            PercentileBootstrap.Difference(PercentileBootstrap.Of([5, 5, 5], 50), PercentileBootstrap.Of([7, 7, 7, 7], 50), 0.95)
        );
}
