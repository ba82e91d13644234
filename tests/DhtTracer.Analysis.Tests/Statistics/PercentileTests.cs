using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Analysis.Tests.Statistics;

public class PercentileTests
{
    [Theory]
    [InlineData(5, 15)]
    [InlineData(30, 20)]
    [InlineData(40, 20)]
    [InlineData(50, 35)]
    public void The_textbook_example_of_nearest_rank_holds(int percent, long expected) =>
        Assert.Equal(expected, Percentile.Of([15, 20, 35, 40, 50], percent));

    [Theory]
    [InlineData(100, 7, 7)]
    [InlineData(100, 99, 99)]
    [InlineData(20, 95, 19)]
    [InlineData(1, 50, 1)]
    [InlineData(int.MaxValue, 99, 2_126_008_811)]
    public void Rank_is_the_ceiling_in_whole_numbers(int count, int percent, int expected) =>
        Assert.Equal(expected, Percentile.Rank(count, percent));

    [Fact]
    public void It_is_the_least_value_with_at_least_that_share_at_or_below_it() =>
        Prop.ForAll<long[]>(values =>
            {
                var sorted = values.Order().ToArray();
                return sorted.Length == 0
                    || Enumerable
                        .Range(1, 99)
                        .All(percent =>
                        {
                            var value = Percentile.Of(sorted, percent);
                            return sorted.Count(v => v <= value) * 100L >= (long)percent * sorted.Length
                                && sorted.Count(v => v < value) * 100L < (long)percent * sorted.Length;
                        });
            })
            .QuickCheckThrowOnFailure();
}
