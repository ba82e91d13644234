using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.TestSupport;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Statistics.Comparing;

/// <summary>What the slowest tenth shares is found when it is there, and little else is.</summary>
public sealed class SharedAttributesTests
{
    private const string Planted = "slow-agent/1.0";
    private const int Harmless = 20;

    [Theory]
    [InlineData(700, 2.0, 1)]
    [InlineData(5_000, 1.3, 8)]
    public void A_planted_cause_is_found_and_nothing_else_is(int lookups, double factor, int fewer)
    {
        // Durations are lognormal with sigma 1. In 3 of 10 lookups an agent is met that makes them longer; 20 others make no difference.
        var random = new Random(lookups);
        var trials = Math.Max(25, Trials.Count / fewer);
        var (found, falseShare) = (0, 0.0);
        for (var trial = 0; trial < trials; trial++)
        {
            var marked = Marked(Lookups(lookups, factor, random, trial));
            var right = marked.Count(static attribute => attribute is { Kind: AttributeKind.Agent, Name: Planted });
            found += right;
            falseShare += marked.Count == 0 ? 0 : (double)(marked.Count - right) / marked.Count;
        }

        TestContext.Current.SendDiagnosticMessage(
            "{0} lookups, {1} times as long: found in {2} of {3} trials, {4:P1} of what was marked is false",
            lookups,
            factor,
            found,
            trials,
            falseShare / trials
        );
        Assert.InRange(found, (int)Math.Ceiling(0.95 * trials), trials);
        Assert.InRange(falseShare / trials, 0, 0.07);
    }

    [Fact]
    public void Where_nothing_was_planted_hardly_anything_is_marked()
    {
        var random = new Random(1);
        var trials = Trials.Count;
        var alarms = Enumerable.Range(0, trials).Count(trial => Marked(Lookups(500, 1, random, trial)).Count > 0);
        TestContext.Current.SendDiagnosticMessage("{0} of {1} sets without a cause show one", alarms, trials);
        Assert.InRange(alarms, 0, Trials.MostFalseAlarms);
    }

    [Fact]
    public void Each_kind_counts_over_the_operations_that_tell_it()
    {
        var simulator = new FactsSimulator(3);
        var slow = simulator
            .Draw(40)
            .Select(
                (fact, i) =>
                    fact with
                    {
                        StartUnixNano = 14 * 3_600_000_000_000UL,
                        Hops = i < 30 ? 5 : null,
                        DialFailed = 7,
                        Dialed = 12,
                        PeerErrors = [new NamedCount(ErrorClass.DialTimeout, 7), new NamedCount(ErrorClass.Cancelled, 2)],
                        LintMask = i < 20 ? 1L << 4 : null,
                    }
            )
            .ToList();
        var other = simulator
            .Draw(60)
            .Select(fact => fact with { StartUnixNano = 3_600_000_000_000UL, Hops = 2, DialFailed = 0, Dialed = 12, PeerErrors = [] })
            .ToList();

        var all = Rank(slow, other);

        Assert.Equal((30, 30, 0, 60), Of(AttributeKind.Hops, "5"));
        Assert.Equal((40, 40, 0, 60), Of(AttributeKind.FailedDials, "6-9"));
        Assert.Equal((0, 40, 60, 60), Of(AttributeKind.FailedDials, "none"));
        Assert.Equal((40, 40, 0, 60), Of(AttributeKind.HourOfDay, "14:00"));
        Assert.Equal((40, 40, 0, 60), Of(AttributeKind.PeerError, ErrorClass.DialTimeout));
        Assert.DoesNotContain(all, static attribute => attribute.Name == ErrorClass.Cancelled);

        // No operation of the other set was checked against the rules, so no share of them is known.
        Assert.DoesNotContain(all, static attribute => attribute.Kind == AttributeKind.Rule);
        var hops = all.Single(static attribute => attribute is { Kind: AttributeKind.Hops, Name: "5" });
        Assert.Equal(1, hops.Difference);
        Assert.InRange(hops.Interval!.Value.Low, 0.6, 1);
        Assert.True(hops.Significant);

        (int, int, int, int) Of(AttributeKind kind, string name) =>
            all.Single(attribute => attribute.Kind == kind && attribute.Name == name) is var attribute
                ? (attribute.InSlow, attribute.OfSlow, attribute.InOther, attribute.OfOther)
                : default;
    }

    [Fact]
    public void A_set_without_operations_shares_nothing() => Assert.Empty(Rank([], new FactsSimulator(1).Draw(50)));

    private static List<OperationFacts> Lookups(int count, double factor, Random random, int trial)
    {
        var facts = new FactsSimulator(trial).Draw(count);
        for (var i = 0; i < facts.Count; i++)
        {
            var agents = ImmutableArray.CreateBuilder<NamedCount>();
            var seconds = Math.Exp(Mixture.Normal(random));
            if (random.NextDouble() < 0.3)
            {
                seconds *= factor;
                agents.Add(new NamedCount(Planted, 1));
            }

            for (var agent = 0; agent < Harmless; agent++)
            {
                if (random.NextDouble() < 0.3)
                {
                    agents.Add(new NamedCount($"agent/{agent}", 1));
                }
            }

            facts[i] = facts[i] with { DurationNs = (long)(seconds * 1e9), Agents = agents.ToImmutable() };
        }

        return facts;
    }

    private static List<SharedAttribute> Marked(List<OperationFacts> lookups)
    {
        var threshold = OverviewFacts.Of(lookups).Duration.P90!.Value;
        return
        [
            .. Rank([.. lookups.Where(fact => fact.DurationNs >= threshold)], [.. lookups.Where(fact => fact.DurationNs < threshold)])
                .Where(static attribute => attribute.Significant),
        ];
    }

    private static ImmutableArray<SharedAttribute> Rank(List<OperationFacts> slow, List<OperationFacts> other)
    {
        using var ofSlow = OperationColumns.Of(slow);
        using var ofOther = OperationColumns.Of(other);
        return SharedAttributes.Rank(ofSlow, ofOther);
    }
}
