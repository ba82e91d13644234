using DhtTracer.Analysis.Alarms;
using DhtTracer.Analysis.Network;
using DhtTracer.Analysis.Statistics;
using DhtTracer.TestSupport;

namespace DhtTracer.Analysis.Tests.Alarms;

/// <summary>Durations are lognormal with sigma 1, as those of public lookups often are; what is wrong with an hour is planted.</summary>
public sealed class HourWatchTests
{
    private const ulong Noon = 490_000UL * HourSums.LengthNs;

    [Fact]
    public void A_planted_slowdown_is_found_in_both_percentiles_and_nothing_else()
    {
        var found = Watch(Hour(Noon, 1, slower: 2), Week());

        Assert.Equal([AlarmKind.DurationP50, AlarmKind.DurationP90], found.Alarms());
        var median = found.Findings[0];
        Assert.InRange(median.Figure!.Value / median.Expected!.Value, 1.6, 2.4);
        Assert.True(median.Interval!.Value.Low > 1.25);
        Assert.Equal((600, 7 * 600, 7), (median.RestsOn, median.ExpectedRestsOn, median.Reference.Length));
    }

    [Fact]
    public void A_planted_fall_of_success_is_found()
    {
        Assert.Equal([AlarmKind.Success], Watch(Hour(Noon, 1, success: 0.7), Week()).Alarms());
    }

    [Theory]
    [InlineData(ErrorClass.DialRefused, AlarmKind.DialFailures)]
    [InlineData(ErrorClass.RequestTimeout, AlarmKind.Timeouts)]
    [InlineData(ErrorClass.ProtocolNotSupported, AlarmKind.NoDht)]
    public void More_failures_of_one_agent_family_are_found_and_name_it(string error, AlarmKind expected)
    {
        var found = Watch(Hour(Noon, 1, error: error), Week());

        var alarm = Assert.Single(found.Findings, static finding => finding.State == FindingState.Alarm);
        Assert.Equal((expected, "kubo"), (alarm.Kind, alarm.Subject));
        Assert.Equal(0.1, alarm.Expected!.Value, 2);
        Assert.Equal(0.4, alarm.Figure!.Value, 2);
    }

    [Fact]
    public void An_hour_with_too_few_lookups_or_too_few_hours_to_compare_with_says_so()
    {
        Assert.All(Watch(Hour(Noon, 1, operations: 39, peers: 20), Week()).Findings, IsTooFew);
        Assert.All(Watch(Hour(Noon, 1, slower: 5), Week()[..2]).Findings, IsTooFew);
        Assert.Empty(Watch(Hour(Noon, 1, slower: 5), Week()[..2]).PValues);
        Assert.Empty(Watch(new HourSums(Noon, [], new Dictionary<string, KnownPeer>()), Week()).Findings);

        static void IsTooFew(AlarmFinding finding) => Assert.Equal(FindingState.TooFew, finding.State);
    }

    [Fact]
    public void Hours_in_which_the_same_alarm_was_open_are_not_compared_with()
    {
        List<HourSums> week = [.. Week()[..4], .. Week()[4..].Select(hour => Hour(hour.StartUnixNano, 3, slower: 4))];
        var slow = Hour(Noon, 1, slower: 2);

        Assert.NotEqual(FindingState.Alarm, Watch(slow, week).Findings[0].State);
        var left = HourWatch.Of(
            slow,
            week,
            (kind, _, hour) => kind == AlarmKind.DurationP50 && week[4..].Any(h => h.StartUnixNano == hour),
            []
        );
        Assert.Equal((FindingState.Alarm, 4), (left.Findings[0].State, left.Findings[0].Reference.Length));
    }

    [Fact]
    public void Hours_that_differ_from_day_to_day_raise_no_alarm()
    {
        // Each day has its own speed, by more than chance allows: as slow as the slowest of the week is nothing new.
        double[] days = [1, 1.6, 0.8, 1.9, 1.2, 0.9, 1.5];
        List<HourSums> week = [.. Week().Select((hour, i) => Hour(hour.StartUnixNano, 50 + i, slower: days[i]))];

        Assert.Empty(Watch(Hour(Noon, 1, slower: 1.8), week).Alarms());
    }

    /// <summary>Nine figures an hour; every twelfth hour is slow. A usual run has 35 hours, <c>DHT_TRACER_TRIALS=10000</c> 1,428.</summary>
    [Fact]
    public void Over_honest_hours_alarms_are_rare_and_planted_ones_are_found()
    {
        var hours = Trials.Count / 7;
        var earlier = new List<double>();
        var (honest, planted, found) = (0, 0, 0);
        for (var i = 0; i < hours; i++)
        {
            var isPlanted = i % 12 == 11;
            var hour = Noon + ((ulong)i * HourSums.LengthNs);
            var result = Watch(Hour(hour, 1000 + i, 200, isPlanted ? 2 : 1), Week(hour, i * 7, 200), earlier);
            earlier.AddRange(result.PValues);
            var alarms = result.Alarms();
            honest += isPlanted ? 0 : alarms.Count;
            planted += isPlanted ? 1 : 0;
            found += isPlanted && alarms.Contains(AlarmKind.DurationP50) ? 1 : 0;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{hours} hours: {honest} false alarms, {found} of {planted} planted ones found");
        Assert.InRange(honest, 0, 1 + (hours / 500));
        Assert.InRange(found, planted * 9 / 10, planted);
    }

    [Theory]
    [InlineData("kubo/0.42.0/abc", "kubo")]
    [InlineData("go-ipfs", "go-ipfs")]
    [InlineData("/odd", AgentFamilies.Unknown)]
    [InlineData(null, AgentFamilies.Unknown)]
    public void A_family_is_the_agent_up_to_its_first_slash(string? agent, string family) => Assert.Equal(family, AgentFamilies.Of(agent));

    [Fact]
    public void A_peer_that_cannot_be_reached_has_the_agent_of_another_hour_and_strangers_make_no_endless_list()
    {
        var known = new Dictionary<string, KnownPeer> { ["a"] = new(PeerFate.Answered, null, "kubo/1", false) };
        var failed = new Dictionary<string, KnownPeer> { ["a"] = new(PeerFate.Failed, ErrorClass.DialTimeout, null, false) };
        var families = AgentFamilies.Of([new HourSums(Noon, [], failed), new HourSums(Noon - 1, [], known)]);
        Assert.Equal(new FamilySums(1, 1, 0, 1), families[0]["kubo"]);

        var many = Enumerable.Range(0, 100).ToDictionary(i => $"{i}", i => new KnownPeer(PeerFate.Answered, null, $"own{i}/1", false));
        Assert.Equal(AgentFamilies.Most, AgentFamilies.Of([new HourSums(Noon, [], many)])[0].Count);
    }

    private static WatchedFigures Watch(HourSums hour, List<HourSums> week, IReadOnlyCollection<double>? earlier = null) =>
        HourWatch.Of(hour, week, static (_, _, _) => false, earlier ?? []);

    private static List<HourSums> Week(ulong hour = Noon, int seed = 0, int operations = 600) =>
        [.. HourSums.SameHoursBefore(hour).Select((other, i) => Hour(other, 100 + seed + i, operations))];

    private static HourSums Hour(
        ulong start,
        int seed,
        int operations = 600,
        double slower = 1,
        double success = 0.9,
        string? error = null,
        int peers = 400
    )
    {
        var random = new Random(seed);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var durations = Enumerable.Range(0, operations).Select(_ => (long)(1e9 * slower * Math.Exp(Normal()))).Order();
        var succeeded = Enumerable.Range(0, operations).Count(_ => random.NextDouble() < success);
        return new HourSums(
            start,
            [new TypeSums(QueryType.GetProviders, operations, [.. durations], Share.OfOperations(succeeded, operations))],
            Peers(peers, error).Concat(Peers(peers, null, "js")).ToDictionary(static peer => peer.Id, static peer => peer.State)
        );
    }

    // A tenth of a family fails in each way, and 3 in 10 more in the planted one.
    private static IEnumerable<(string Id, KnownPeer State)> Peers(int count, string? error, string family = "kubo") =>
        Enumerable
            .Range(0, count)
            .Select(i =>
                (
                    $"{family}{i}",
                    (i % 10) switch
                    {
                        0 => Failed(ErrorClass.DialRefused, family),
                        1 => Failed(ErrorClass.ProtocolNotSupported, family),
                        2 => Failed(ErrorClass.RequestTimeout, family),
                        3 or 4 or 5 when error is not null => Failed(error, family),
                        _ => new KnownPeer(PeerFate.Answered, null, $"{family}/1", false),
                    }
                )
            );

    private static KnownPeer Failed(string error, string family) =>
        new(PeerFate.Failed, error, $"{family}/1", error == ErrorClass.ProtocolNotSupported);
}

file static class Figures
{
    public static List<AlarmKind> Alarms(this WatchedFigures figures) =>
        [.. figures.Findings.Where(static finding => finding.State == FindingState.Alarm).Select(static finding => finding.Kind)];
}
