using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.TestSupport;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Statistics.Comparing;

/// <summary>Intervals of differences cover the truth, for every figure of a comparison and at the least number of queries that has
/// one.</summary>
public class DifferenceIntervalTests
{
    private const int Many = 1_000;
    private const int Least = 930;

    [Theory]
    [InlineData(50, 1, 1)]
    [InlineData(90, 1, 1)]
    [InlineData(95, 1, 1)]
    [InlineData(99, 1, 1)]
    [InlineData(50, 1, 20)]
    [InlineData(90, 20, 1)]
    [InlineData(95, 1, 20)]
    public void Percentiles_of_sets_just_large_enough_and_of_one_much_larger(int percent, int timesA, int timesB)
    {
        var count = OrderStatisticInterval.Needed(percent, Comparison.FigureLevel);
        var (fast, slow) = (Mixture.HeavyTail, Mixture.HeavyTail.Scaled(2));
        var truth = slow.TruePercentile(percent) - fast.TruePercentile(percent);
        var (a, b) = (new Random(percent), new Random(1_000 + percent));
        var covered = 0;
        for (var trial = 0; trial < Many; trial++)
        {
            var interval = PercentileBootstrap.Difference(
                PercentileBootstrap.Of(Draw(fast, a, count * timesA), percent),
                PercentileBootstrap.Of(Draw(slow, b, count * timesB), percent),
                Comparison.FigureLevel
            );
            covered += interval.Low <= truth + 1 && interval.High >= truth - 1 ? 1 : 0;
        }

        TestContext.Current.SendDiagnosticMessage(
            "p{0} of {1} and {2} queries: {3} of {4} intervals cover",
            percent,
            count * timesA,
            count * timesB,
            covered,
            Many
        );
        Assert.InRange(covered, Least, Many);
    }

    [Theory]
    [InlineData(50, 1, 1)]
    [InlineData(90, 1, 1)]
    [InlineData(95, 1, 1)]
    [InlineData(99, 1, 1)]
    [InlineData(50, 8, 8)]
    [InlineData(90, 1, 20)]
    [InlineData(95, 20, 1)]
    public void Percentiles_side_by_side_each_for_itself(int percent, int timesA, int timesB)
    {
        var count = OrderStatisticInterval.Needed(percent);
        var (fast, slow) = (Mixture.HeavyTail, Mixture.HeavyTail.Scaled(2));
        var truth = slow.TruePercentile(percent) - fast.TruePercentile(percent);
        var (a, b) = (new Random(2_000 + percent), new Random(3_000 + percent));
        var covered = 0;
        for (var trial = 0; trial < Many; trial++)
        {
            var interval = PercentileDifference.Of(Figure(Draw(fast, a, count * timesA)), Figure(Draw(slow, b, count * timesB)))!.Value;
            covered += interval.Low <= truth + 1 && interval.High >= truth - 1 ? 1 : 0;
        }

        TestContext.Current.SendDiagnosticMessage(
            "p{0} of {1} and {2} queries: {3} of {4} intervals cover",
            percent,
            count * timesA,
            count * timesB,
            covered,
            Many
        );
        Assert.InRange(covered, Least, Many);
        Assert.Null(PercentileDifference.Of(Figure(Draw(fast, a, count - 1)), Figure(Draw(slow, b, count))));

        PercentileFigure? Figure(long[] sorted)
        {
            var distribution = Distribution.OfSorted(sorted, unknown: 0);
            return percent switch
            {
                50 => distribution.P50,
                90 => distribution.P90,
                95 => distribution.P95,
                _ => distribution.P99,
            };
        }
    }

    [Theory]
    [InlineData(40, 40)]
    [InlineData(60, 60)]
    [InlineData(300, 300)]
    [InlineData(40, 800)]
    [InlineData(800, 40)]
    public void Means_and_shares(int count, int countOfB)
    {
        // The truth of each figure, from sets so large that chance is below a thousandth of the figure's spread in the trials.
        var (many, few) = (
            Figures(
                Simulator(seed: 1, dialFailure: 0.2, queried: 18).Draw(200_000),
                Simulator(seed: 2, dialFailure: 0.35, queried: 22).Draw(200_000)
            ),
            new Dictionary<string, int>(StringComparer.Ordinal)
        );
        var (a, b) = (Simulator(seed: count, dialFailure: 0.2, queried: 18), Simulator(seed: count + 1, dialFailure: 0.35, queried: 22));
        string[] names = ["success-share", "hops-mean", "peers-queried-mean", "dial-failure-share", "reuse-share", "duplicates-mean"];
        for (var trial = 0; trial < Trials.Count; trial++)
        {
            var figures = Figures(a.Draw(count), b.Draw(countOfB));
            foreach (var name in names)
            {
                var truth = many[name].Difference!.Value;
                few[name] =
                    few.GetValueOrDefault(name)
                    + (figures[name].Interval is { } interval && interval.Low <= truth && truth <= interval.High ? 1 : 0);
            }
        }

        TestContext.Current.SendDiagnosticMessage("{0} and {1} queries: {2}", count, countOfB, string.Join(", ", few));
        Assert.All(names, name => Assert.InRange(few[name], Trials.LeastCovered, Trials.Count));
    }

    [Theory]
    [InlineData(10, 0.97)]
    [InlineData(40, 0.93)]
    [InlineData(300, 0.5)]
    public void Shares_of_queries_on_the_overview(int count, double truth)
    {
        var random = new Random(count);
        var covered = 0;
        for (var trial = 0; trial < Many; trial++)
        {
            var interval = Share.OfOperations(Enumerable.Range(0, count).Count(_ => random.NextDouble() < truth), count).Interval!.Value;
            covered += interval.Low <= truth && truth <= interval.High ? 1 : 0;
        }

        Assert.InRange(covered, Least, Many);
    }

    [Fact]
    public void Error_classes_are_seldom_called_over_represented_in_sets_from_one_distribution()
    {
        var simulator = new FactsSimulator(seed: 77);
        var alarms = 0;
        for (var trial = 0; trial < Trials.Count; trial++)
        {
            alarms += Comparison.Of(simulator.Draw(60), simulator.Draw(60)).ErrorClasses.Any(item => item.Significant) ? 1 : 0;
        }

        Assert.InRange(alarms, 0, Trials.MostFalseAlarms);
    }

    private static FactsSimulator Simulator(int seed, double dialFailure, double queried) =>
        new(seed) { DialFailure = dialFailure, Queried = queried };

    private static Dictionary<string, ComparedFigure> Figures(List<OperationFacts> a, List<OperationFacts> b) =>
        FigureComparer
            .Compare(a, OverviewFacts.Of(a), b, OverviewFacts.Of(b))
            .ToDictionary(figure => figure.Figure.Name, StringComparer.Ordinal);

    private static long[] Draw(Mixture population, Random random, int count)
    {
        var values = Enumerable.Range(0, count).Select(_ => population.Draw(random)).ToArray();
        Array.Sort(values);
        return values;
    }
}
