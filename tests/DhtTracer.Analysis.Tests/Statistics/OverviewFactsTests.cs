using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.TestSupport.ArchiveSimulator;

namespace DhtTracer.Analysis.Tests.Statistics;

public class OverviewFactsTests
{
    [Fact]
    public void Every_figure_equals_an_independent_computation()
    {
        var queries = new FactsSimulator(seed: 11).Draw(701);
        queries[5] = queries[5] with
        {
            Outcome = QueryOutcome.Incomplete,
            DurationNs = null,
            Dialed = null,
            DialFailed = null,
            Reused = null,
        };

        var facts = OverviewFacts.Of(queries);

        Assert.Equal(701, facts.Operations);
        Assert.Equal(700, facts.Success.Whole);
        Assert.Equal(queries.Count(q => q.Outcome == QueryOutcome.Success), facts.Success.Part);
        Assert.Equal(700, facts.Duration.Count);
        Assert.Equal(1, facts.Duration.Unknown);
        var durations = queries.Where(q => q.DurationNs.HasValue).Select(q => q.DurationNs!.Value).OrderDescending().ToList();

        // 700 values, counted from the top: the 350th, 630th, 665th and 693rd smallest.
        Assert.Equal(durations[700 - 350], facts.Duration.P50!.Value);
        Assert.Equal(durations[700 - 630], facts.Duration.P90!.Value);
        Assert.Equal(durations[700 - 665], facts.Duration.P95!.Value);
        Assert.Equal(durations[700 - 693], facts.Duration.P99!.Value);
        Assert.Equal(durations[0], facts.Duration.Max);
        Assert.Equal(durations[^1], facts.Duration.Min);
        Assert.Equal(durations.Average(), facts.Duration.Mean!.Value, 1);

        var (dialed, failed, reused) = (0L, 0L, 0L);
        foreach (var query in queries)
        {
            dialed += query.Dialed ?? 0;
            failed += query.DialFailed ?? 0;
            reused += query.Reused ?? 0;
        }

        Assert.Equal((double)failed / dialed, facts.DialFailure.Value!.Value, 12);
        Assert.Equal((double)reused / (reused + dialed), facts.Reuse.Value!.Value, 12);
        Assert.Equal(queries.Sum(q => q.Duplicates), (int)Math.Round(facts.Duplicates.Mean!.Value * 701));
        Assert.Equal(701, facts.Outcomes.Sum(o => o.Count));
        Assert.Equal(Enum.GetValues<QueryOutcome>(), facts.Outcomes.Select(o => o.Outcome));
        Assert.Equal(
            failed,
            facts.PeerErrors.Single(e => e.Name == ErrorClass.DialTimeout).Count
                + (queries[5].PeerErrors.Length == 0 ? 0 : -queries[5].PeerErrors[0].Count)
        );
    }

    [Fact]
    public void An_empty_set_has_no_numbers_and_no_error()
    {
        var facts = OverviewFacts.Of([]);
        Assert.Equal(0, facts.Operations);
        Assert.Null(facts.Success.Value);
        Assert.Null(facts.Duration.P50);
        Assert.Null(facts.DialFailure.Value);
        Assert.All(facts.Outcomes, outcome => Assert.Equal(0, outcome.Count));
    }

    [Fact]
    public void Hours_are_those_of_UTC_and_lose_no_query()
    {
        // 2027-03-28 is when Europe changes its clocks; UTC has 24 hours on it.
        var start = (ulong)new DateTimeOffset(2027, 3, 28, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds() * 1_000_000_000;
        var queries = new FactsSimulator(seed: 3) { FirstStartUnixNano = start, IntervalNs = 600_000_000_000 }.Draw(143);

        var hours = PeriodFacts.ByHour(queries);

        // Starts are at 10, 20, ... 1430 minutes: five in the first hour, six in each of the others.
        Assert.Equal(24, hours.Length);
        Assert.Equal(5, hours[0].Operations);
        Assert.All(hours.Skip(1), hour => Assert.Equal(6, hour.Operations));
        Assert.Equal(new DateTimeOffset(2027, 3, 28, 23, 0, 0, TimeSpan.Zero), hours[^1].Start);

        var map = HeatMap.Of(hours);
        Assert.Equal(hours, Assert.Single(map.Days).Hours.OfType<PeriodFacts>());
        Assert.Equal(hours.Max(h => h.Duration.P50!.Value), map.GreatestMedianNs);
    }

    [Fact]
    public void Days_without_queries_stay_in_the_heat_map_and_more_than_its_limit_are_cut_at_the_old_end()
    {
        var queries = new FactsSimulator(seed: 4) { IntervalNs = 86_400_000_000_000 * 40 }.Draw(4);
        var map = HeatMap.Of(PeriodFacts.ByHour(queries));
        Assert.Equal(HeatMap.DayLimit, map.Days.Length);
        Assert.Equal(3, map.Days.Sum(day => day.Hours.Count(hour => hour is not null)));
        Assert.Empty(HeatMap.Of([]).Days);
    }

    [Fact]
    public void Slowest_and_failing_queries_come_in_their_order()
    {
        var queries = new FactsSimulator(seed: 9).Draw(200);
        var slowest = NotableOperations.Slowest(queries, 5);
        Assert.Equal(queries.Select(q => q.DurationNs).OrderDescending().Take(5), slowest.Select(q => q.DurationNs));
        var failing = NotableOperations.Failing(queries, 1_000);
        Assert.Equal(queries.Count(q => q.Outcome == QueryOutcome.Failed), failing.Length);
        Assert.Equal(failing.OrderByDescending(q => q.StartUnixNano), failing);
    }
}
