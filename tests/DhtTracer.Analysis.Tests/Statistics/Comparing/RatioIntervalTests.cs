using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Analysis.Tests.Explain;

namespace DhtTracer.Analysis.Tests.Statistics.Comparing;

public class RatioIntervalTests
{
    [Fact]
    public void A_planted_slowdown_is_found_and_its_factor_lies_in_the_interval_of_the_ratio()
    {
        var figure = Comparison.Of(Set(400, 1), Set(400, 1.8)).Figures.Single(static figure => figure.Figure.Name == "duration-p50");

        Assert.Equal(VerdictKind.Higher, figure.Verdict.Kind);
        Assert.InRange(1.8, figure.Ratio!.Value.Low, figure.Ratio.Value.High);
        Assert.True(figure.Ratio.Value.Low > 1);
        Assert.True(figure.Ratio.Value.High < 3);
    }

    [Fact]
    public void Equal_sets_have_a_ratio_around_one() =>
        Assert.InRange(1, Ratio(Set(100, 1), Set(100, 1))!.Value.Low, Ratio(Set(100, 1), Set(100, 1))!.Value.High);

    [Fact]
    public void The_ratio_of_the_sets_the_other_way_round_is_one_over_it()
    {
        var (there, back) = (Ratio(Set(200, 1), Set(300, 2))!.Value, Ratio(Set(300, 2), Set(200, 1))!.Value);

        Assert.Equal(1 / there.Low, back.High, 0.01);
        Assert.Equal(1 / there.High, back.Low, 0.01);
    }

    [Fact]
    public void Too_few_operations_have_none() => Assert.Null(Ratio(Set(3, 1), Set(400, 1)));

    private static DifferenceInterval? Ratio(IReadOnlyCollection<OperationFacts> a, IReadOnlyCollection<OperationFacts> b) =>
        Comparison.Of(a, b).Figures.Single(static figure => figure.Figure.Name == "duration-p50").Ratio;

    // Durations spread evenly on a log scale from 0.1 s to 1 s, times a factor.
    private static List<OperationFacts> Set(int count, double factor) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new OperationFacts
                {
                    Id = QueryBuilder.Parse($"0000000000000000000000000000{i:x4}-000000000000{i + 1:x4}"),
                    StartUnixNano = 1,
                    Type = QueryType.FindPeer,
                    Outcome = QueryOutcome.Success,
                    DurationNs = (long)(factor * 1e8 * Math.Pow(10, (i + 0.5) / count)),
                }),
        ];
}
