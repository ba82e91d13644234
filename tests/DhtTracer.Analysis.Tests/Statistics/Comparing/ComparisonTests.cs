using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.TestSupport;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Statistics.Comparing;

public class ComparisonTests
{
    public static TheoryData<int, int, string> IdenticalSets =>
        new()
        {
            { 60, 60, "heavy tail" },
            { 200, 200, "lookups" },
            { 40, 800, "lookups" },
            { 800, 40, "lookups" },
            { 60, 2_000, "heavy tail" },
        };

    [Theory]
    [MemberData(nameof(IdenticalSets))]
    public void Sets_from_one_distribution_are_called_different_in_under_6_percent_of_the_trials(int count, int countOfB, string population)
    {
        var alarms = 0;
        var byFigure = new Dictionary<string, int>(StringComparer.Ordinal);
        var simulator = new FactsSimulator(seed: count) { Durations = population == "lookups" ? Mixture.Lookups : Mixture.HeavyTail };
        for (var trial = 0; trial < Trials.Count; trial++)
        {
            var figures = Comparison.Of(simulator.Draw(count), simulator.Draw(countOfB)).Figures.Where(IsDifference).ToList();
            alarms += figures.Count > 0 ? 1 : 0;
            foreach (var figure in figures)
            {
                byFigure[figure.Figure.Name] = byFigure.GetValueOrDefault(figure.Figure.Name) + 1;
            }
        }

        // Over all twelve figures of a comparison together, not for each of them.
        TestContext.Current.SendDiagnosticMessage(
            "{0} false alarms in {1} at {2} and {3} queries: {4}",
            alarms,
            Trials.Count,
            count,
            countOfB,
            string.Join(", ", byFigure)
        );
        Assert.InRange(alarms, 0, Trials.MostFalseAlarms);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(1.4)]
    public void Intervals_of_percentile_differences_cover_the_truth_in_at_least_930_of_1000_trials(double factor)
    {
        const int Count = 600;
        var (slow, fast) = (Mixture.Lookups.Scaled(factor), Mixture.Lookups);
        var a = new Random(31);
        var b = new Random(32);
        var truth = Percentile.Shown.ToDictionary(
            percent => percent,
            percent => slow.TruePercentile(percent) - fast.TruePercentile(percent)
        );
        var covered = Percentile.Shown.ToDictionary(percent => percent, _ => 0);
        for (var trial = 0; trial < 1_000; trial++)
        {
            var (valuesOfA, valuesOfB) = (Draw(fast, a), Draw(slow, b));
            foreach (var percent in Percentile.Shown)
            {
                var interval = PercentileBootstrap.Difference(
                    PercentileBootstrap.Of(valuesOfA, percent),
                    PercentileBootstrap.Of(valuesOfB, percent),
                    Comparison.FigureLevel
                );
                covered[percent] += interval.Low <= truth[percent] + 1 && interval.High >= truth[percent] - 1 ? 1 : 0;
            }
        }

        Assert.All(covered.Values, trials => Assert.InRange(trials, 930, 1_000));

        static long[] Draw(Mixture population, Random random)
        {
            var values = new long[Count];
            for (var i = 0; i < Count; i++)
            {
                values[i] = population.Draw(random);
            }

            Array.Sort(values);
            return values;
        }
    }

    [Fact]
    public void A_set_that_is_half_as_fast_again_is_called_slower()
    {
        var before = new FactsSimulator(seed: 1).Draw(400);
        var after = new FactsSimulator(seed: 2)
        {
            Durations = Mixture.Lookups.Scaled(1.5),
            Success = 0.7,
            DialFailure = 0.5,
        }.Draw(400);

        var comparison = Comparison.Of(before, after);

        Assert.Equal("slower, 95 % sure", Figure("duration-p50").Verdict.Text);
        Assert.False(Figure("duration-p50").Verdict.Better);
        Assert.Equal("lower, 95 % sure", Figure("success-share").Verdict.Text);
        Assert.Equal("higher, 95 % sure", Figure("dial-failure-share").Verdict.Text);
        Assert.Equal("no difference to be seen", Figure("hops-mean").Verdict.Text);
        Assert.Equal(VerdictKind.TooFew, Figure("duration-p99").Verdict.Kind);
        Assert.Null(Figure("duration-p99").Interval);
        Assert.Equal(VerdictKind.NotTested, Figure("operations").Verdict.Kind);
        Assert.Equal(ErrorClass.DialTimeout, Assert.Single(comparison.ErrorClasses).Name);
        Assert.True(comparison.ErrorClasses[0].Significant);

        var backwards = Comparison.Of(after, before);
        Assert.Equal("faster, 95 % sure", backwards.Figures.Single(f => f.Figure.Name == "duration-p50").Verdict.Text);
        Assert.True(backwards.Figures.Single(f => f.Figure.Name == "duration-p50").Verdict.Better);

        ComparedFigure Figure(string name) => comparison.Figures.Single(f => f.Figure.Name == name);
    }

    [Fact]
    public void Twelve_figures_are_tested_and_each_verdict_says_what_its_interval_says()
    {
        var comparison = Comparison.Of(new FactsSimulator(seed: 5).Draw(700), new FactsSimulator(seed: 6) { Queried = 22 }.Draw(700));
        Assert.Equal(Comparison.TestedFigures, comparison.Figures.Count(f => f.Verdict.Kind != VerdictKind.NotTested));
        foreach (var figure in comparison.Figures.Where(f => f.Interval is not null))
        {
            Assert.Equal(figure.Interval!.Value.Low > 0 || figure.Interval.Value.High < 0, IsDifference(figure));
            Assert.InRange(figure.Difference!.Value, figure.Interval.Value.Low, figure.Interval.Value.High);
        }
    }

    [Fact]
    public void The_order_of_the_queries_changes_nothing()
    {
        var a = new FactsSimulator(seed: 7).Draw(300);
        var b = new FactsSimulator(seed: 8).Draw(250);
        var shuffled = a.ToArray();
        new Random(1).Shuffle(shuffled);
        Assert.Equal(Comparison.Of(a, b).Figures, Comparison.Of(shuffled, [.. b.AsEnumerable().Reverse()]).Figures);
    }

    [Fact]
    public void Sets_without_queries_or_with_a_few_say_so()
    {
        Assert.All(
            Comparison.Of([], new FactsSimulator(seed: 1).Draw(50)).Figures.Where(f => f.Verdict.Kind != VerdictKind.NotTested),
            figure => Assert.Equal(VerdictKind.Unknown, figure.Verdict.Kind)
        );
        var few = Comparison.Of(new FactsSimulator(seed: 1).Draw(5), new FactsSimulator(seed: 2).Draw(50));
        Assert.All(
            few.Figures.Where(f => f.Figure.Name is not ("operations" or "success-share")),
            figure => Assert.Equal(VerdictKind.TooFew, figure.Verdict.Kind)
        );
    }

    private static bool IsDifference(ComparedFigure figure) => figure.Verdict.Kind is VerdictKind.Higher or VerdictKind.Lower;
}
