using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;

namespace DhtTracer.Analysis.Tests.Statistics.Comparing;

/// <summary>Durations are drawn lognormal with sigma 0.3, so the true change of every percentile is the factor that was planted.</summary>
public sealed class GateTests
{
    private static readonly GateLimits Limits = new(0.1, 0.05);

    [Theory]
    [InlineData(1.0, GateAnswer.Pass)]
    [InlineData(0.7, GateAnswer.Pass)]
    [InlineData(1.3, GateAnswer.Fail)]
    public void Enough_operations_pass_within_the_limit_and_fail_beyond_it(double factor, GateAnswer expected)
    {
        var gate = Gate.Of(Set(2_000, 1, factor), Set(2_000, 2), Limits);

        Assert.Equal(expected, gate.Answer);
        Assert.Equal([expected, expected, GateAnswer.Pass], gate.Figures.Select(static figure => figure.Answer));
        Assert.All(gate.Figures.Take(2), figure => Assert.InRange(factor, figure.Interval!.Value.Low, figure.Interval.Value.High));
    }

    [Fact]
    public void A_change_near_the_limit_is_not_told_from_few_operations()
    {
        var gate = Gate.Of(Set(100, 1, 1.1), Set(100, 2), Limits);

        Assert.Equal(GateAnswer.TooFew, gate.Answer);
        Assert.Contains("contains the limit", GateText.Sentence(gate), StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_without_enough_operations_for_an_interval_is_too_small_to_tell()
    {
        var gate = Gate.Of(Set(Gate.Needed - 1, 1, 3), Set(2_000, 2), new GateLimits(10, 1));

        Assert.Equal((GateAnswer.TooFew, null), (gate.Figures[1].Answer, gate.Figures[1].Interval));
        Assert.Contains($"at least {Gate.Needed} operations", GateText.Sentence(gate), StringComparison.Ordinal);
        Assert.NotNull(Gate.Of(Set(Gate.Needed, 1, 3), Set(2_000, 2), Limits).Figures[1].Interval);
    }

    [Fact]
    public void An_empty_set_is_too_small_to_tell_and_its_values_are_unknown()
    {
        var gate = Gate.Of(OperationColumns.Empty, Set(100, 2), Limits);

        Assert.Equal(GateAnswer.TooFew, gate.Answer);
        Assert.All(gate.Figures, figure => Assert.Equal((null, null, null), (figure.Tested, figure.Change, figure.Interval)));
    }

    [Fact]
    public void A_fall_of_success_fails_although_the_durations_are_the_same()
    {
        var gate = Gate.Of(Set(2_000, 1, failEvery: 5), Set(2_000, 2), Limits);

        Assert.Equal([GateAnswer.Pass, GateAnswer.Pass, GateAnswer.Fail], gate.Figures.Select(static figure => figure.Answer));
        Assert.Equal(GateAnswer.Fail, gate.Answer);
        Assert.Equal(-0.2, gate.Figures[2].Change!.Value, 3);
        Assert.Equal("Fail: Success is worse than allowed, 95 % sure.", GateText.Sentence(gate));
    }

    /// <summary>
    /// With the true change exactly at the limit, both wrong answers are rare: 5 in 100 would be 10 of 200, of which 16 is the 97.5 %.
    /// </summary>
    [Fact]
    public void A_change_exactly_at_the_limit_seldom_passes_or_fails()
    {
        var answers = Enumerable
            .Range(1, 200)
            .Select(seed => Gate.Of(Set(150, seed, 1.1), Set(150, -seed), Limits with { MaxSuccessDrop = 1 }).Answer)
            .ToList();

        Assert.InRange(answers.Count(static answer => answer == GateAnswer.Fail), 0, 16);
        Assert.InRange(answers.Count(static answer => answer == GateAnswer.Pass), 0, 16);
    }

    [Fact]
    public void Json_and_report_hold_the_figures_and_escape_the_filters()
    {
        var gate = Gate.Of(Set(2_000, 1, 1.3), Set(2_000, 2), Limits);

        var json = JsonDocument.Parse(GateJson.ToUtf8(gate, "service:<b>", "since:1h")).RootElement;
        Assert.Equal(("fail", "service:<b>"), (json.GetProperty("answer").GetString(), json.GetProperty("set").GetString()));
        var median = json.GetProperty("figures")[0];
        Assert.Equal(gate.Figures[0].Interval!.Value.Low, median.GetProperty("low").GetDouble());
        Assert.Equal(1.1, median.GetProperty("limit").GetDouble(), 12);

        var page = Encoding.UTF8.GetString(GateReport.ToUtf8(gate, "service:<b>", "since:1h"));
        Assert.Contains("service:&lt;b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", page, StringComparison.Ordinal);
        Assert.Contains("Fail: Duration p50 and Duration p90 are worse than allowed", page, StringComparison.Ordinal);
    }

    private static OperationColumns Set(int count, int seed, double factor = 1, int failEvery = int.MaxValue)
    {
        var random = new Random(seed);
        return OperationColumns.Of([
            .. Enumerable
                .Range(1, count)
                .Select(number => new OperationFacts
                {
                    Id = new QueryId(new Traces.Model.TraceId(1, (ulong)number), new Traces.Model.SpanId(1)),
                    StartUnixNano = (ulong)number,
                    Type = QueryType.GetProviders,
                    Outcome = number % failEvery == 0 ? QueryOutcome.Failed : QueryOutcome.Success,
                    DurationNs = (long)(1e9 * factor * Math.Exp(0.3 * Normal(random))),
                }),
        ]);
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
