using DhtTracer.Analysis.Statistics;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Statistics;

public class OrderStatisticIntervalTests
{
    // Ranks for the median from Conover, Practical Nonparametric Statistics: 6 values (1, 6), 10 values (2, 9), 15 values (4, 12).
    [Theory]
    [InlineData(6, 1, 6)]
    [InlineData(10, 2, 9)]
    [InlineData(15, 4, 12)]
    public void The_median_has_the_ranks_of_the_tables(int count, int low, int high) =>
        Assert.Equal((low, high), OrderStatisticInterval.Ranks(count, 50));

    [Theory]
    [InlineData(50, 6)]
    [InlineData(90, 29)]
    [InlineData(95, 59)]
    [InlineData(99, 299)]
    public void One_value_fewer_than_needed_gives_no_interval(int percent, int needed)
    {
        Assert.Equal(needed, OrderStatisticInterval.Needed(percent));
        Assert.Null(OrderStatisticInterval.Ranks(needed - 1, percent));
        Assert.NotNull(OrderStatisticInterval.Ranks(needed, percent));
    }

    [Fact]
    public void No_values_give_no_interval() => Assert.Null(OrderStatisticInterval.Ranks(0, 50));

    [Theory]
    [InlineData(6)]
    [InlineData(30)]
    [InlineData(75)]
    [InlineData(299)]
    [InlineData(2_000)]
    public void Intervals_cover_the_true_percentile_in_at_least_930_of_1000_trials(int count)
    {
        foreach (var population in (Mixture[])[Mixture.Lookups, Mixture.HeavyTail])
        {
            var truth = Percentile.Shown.ToDictionary(percent => percent, population.TruePercentile);
            var covered = Percentile.Shown.ToDictionary(percent => percent, _ => 0);
            var random = new Random(count);
            for (var trial = 0; trial < 1_000; trial++)
            {
                var values = Enumerable.Range(0, count).Select(_ => (long?)population.Draw(random)).ToArray();
                var distribution = Distribution.Of(values);
                foreach (var figure in (PercentileFigure?[])[distribution.P50, distribution.P90, distribution.P95, distribution.P99])
                {
                    // Half a nanosecond of the truth's own rounding does not count.
                    if (
                        figure!.Interval is { } interval
                        && interval.Low <= truth[figure.Percent] + 1
                        && interval.High >= truth[figure.Percent] - 1
                    )
                    {
                        covered[figure.Percent]++;
                    }
                }
            }

            foreach (var percent in Percentile.Shown)
            {
                if (count >= OrderStatisticInterval.Needed(percent))
                {
                    Assert.InRange(covered[percent], 930, 1_000);
                }
                else
                {
                    Assert.Equal(0, covered[percent]);
                }
            }
        }
    }

    // Hops, peers queried and duplicates are whole numbers with many ties: an interval whose ends are the same number still covers.
    [Theory]
    [InlineData(6)]
    [InlineData(59)]
    [InlineData(400)]
    public void Intervals_of_counts_cover_the_true_percentile_in_at_least_930_of_1000_trials(int count)
    {
        double[] shares = [0.30, 0.25, 0.20, 0.10, 0.06, 0.03, 0.02, 0.02, 0.015, 0.005];
        var truth = Percentile.Shown.ToDictionary(
            percent => percent,
            percent => Enumerable.Range(0, shares.Length).First(value => shares.Take(value + 1).Sum() >= (percent / 100.0) - 1e-12)
        );
        var (trials, covered) = (
            Percentile.Shown.ToDictionary(percent => percent, _ => 0),
            Percentile.Shown.ToDictionary(percent => percent, _ => 0)
        );
        var random = new Random(5 + count);
        for (var trial = 0; trial < 1_000; trial++)
        {
            var distribution = Distribution.Of(Enumerable.Range(0, count).Select(_ => (long?)Draw()));
            foreach (var figure in (PercentileFigure?[])[distribution.P50, distribution.P90, distribution.P95, distribution.P99])
            {
                trials[figure!.Percent] += figure.Interval is null ? 0 : 1;
                covered[figure.Percent] +=
                    figure.Interval is { } interval && interval.Low <= truth[figure.Percent] && truth[figure.Percent] <= interval.High
                        ? 1
                        : 0;
            }
        }

        foreach (var percent in Percentile.Shown)
        {
            Assert.Equal(count >= OrderStatisticInterval.Needed(percent) ? 1_000 : 0, trials[percent]);
            Assert.InRange(covered[percent], trials[percent] * 93 / 100, trials[percent]);
        }

        long Draw()
        {
            var u = random.NextDouble();
            var value = 0;
            while (value < shares.Length - 1 && (u -= shares[value]) >= 0)
            {
                value++;
            }

            return value;
        }
    }

    [Fact]
    public void Large_sets_have_narrow_intervals()
    {
        // sqrt(n p q) = 500 for the median of a million: 1.96 of them on each side.
        var ranks = OrderStatisticInterval.Ranks(1_000_000, 50)!.Value;
        Assert.InRange(ranks.High - ranks.Low, 1_950, 1_970);
        Assert.InRange(ranks.Low, 499_000, 499_040);
    }
}
