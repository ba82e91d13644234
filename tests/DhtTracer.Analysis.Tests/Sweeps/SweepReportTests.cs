using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Sweeps;

/// <summary>Sweeps made by hand: late and missing turns, keys alone, parts that answer nothing or keep nothing.</summary>
public sealed class SweepReportTests
{
    private const ulong Second = 1_000_000_000;
    private const ulong T0 = 1_796_000_000 * Second;
    private readonly Random _random = new(7);
    private ulong _span;

    [Fact]
    public void A_turn_that_comes_later_than_the_interval_allows_is_late()
    {
        List<SweepFact> facts = [.. Turn("01", 0), .. Turn("10", 60), .. Turn("01", 600), .. Turn("10", 900)];

        var report = SweepAnalysis.Of(facts, new SweepOptions { IntervalNs = 600 * (long)Second });

        Assert.Equal([("01", false, false), ("10", true, false)], report.Regions.Select(Named));
        Assert.Null(SweepAnalysis.Of(facts).Regions[0].IsLate);
    }

    [Fact]
    public void A_region_without_its_next_turn_is_overdue_at_the_end_of_the_facts()
    {
        List<SweepFact> facts = [.. Turn("01", 0), .. Turn("10", 60), .. Turn("10", 660), .. Turn("10", 1260)];

        var report = SweepAnalysis.Of(facts, new SweepOptions { IntervalNs = 600 * (long)Second });

        Assert.Equal([("01", false, true), ("10", false, false)], report.Regions.Select(Named));
        Assert.Equal(["00", "11"], report.Never.Select(part => part.ToString()));
    }

    [Fact]
    public void A_key_that_is_looked_for_while_it_is_marked_was_provided_alone()
    {
        var key = Key("0110");
        List<SweepFact> facts = [Mark(key, T0), Exploration(key, T0 + 1000, 300_000_000, [])];

        var report = SweepAnalysis.Of(facts);

        var single = Assert.Single(report.Singles);
        Assert.Equal(300_000_000, single.DurationNs);
        Assert.Empty(report.Batches);
        Assert.Null(Assert.Single(report.TurnsOf(key.AsSpan())).Region);
    }

    [Fact]
    public void Regions_are_divided_while_both_halves_have_twenty_peers_that_answered()
    {
        var peers = Positions("000", 20).AddRange(Positions("001", 19)).AddRange(Positions("01", 25));
        List<SweepFact> facts =
        [
            Exploration(Key("00"), T0, 200_000_000, peers),
            Exploration(Key("01"), T0 + 200_100_000, 200_000_000, peers),
            .. Marks(["000", "001", "010", "011"], T0 + 410_000_000),
        ];

        var report = SweepAnalysis.Of(facts);

        Assert.Equal(
            [("00", 2), ("01", 2)],
            report.Batches.SelectMany(batch => batch.Visits).Select(visit => (visit.Prefix.ToString(), visit.Keys!.Value))
        );
    }

    [Fact]
    public void A_region_whose_sending_took_long_belongs_to_the_exploration_before_it()
    {
        var peers = Positions("00", 20).AddRange(Positions("01", 20));
        List<SweepFact> facts =
        [
            Exploration(Key("00"), T0, 200_000_000, peers),
            Exploration(Key("01"), T0 + 200_100_000, 200_000_000, peers),
            .. Marks(["000", "001"], T0 + 410_000_000),
            .. Marks(["010", "011"], T0 + 90 * Second),
        ];

        var batch = Assert.Single(SweepAnalysis.Of(facts).Batches);

        Assert.Equal(["00", "01"], batch.Visits.Select(visit => visit.Prefix.ToString()));
        Assert.InRange(batch.DurationNs!.Value, 90 * (long)Second, 91 * (long)Second);
    }

    [Fact]
    public void Marks_without_an_exploration_are_shown_but_make_no_region()
    {
        var report = SweepAnalysis.Of([.. Marks(["0000", "0001"], T0)]);

        Assert.Null(Assert.Single(report.Batches).Lookups);
        Assert.Empty(report.Regions);
        Assert.Equal(2, report.Keys);
    }

    [Fact]
    public void A_part_with_as_many_dead_peers_as_elsewhere_is_not_named()
    {
        // A quarter of all peers is dead, evenly: four in a row are chance.
        var dead = Positions("00", 4).AddRange(Positions("01", 4)).AddRange(Positions("10", 4)).AddRange(Positions("1100", 4));
        var alive = Positions("00", 12).AddRange(Positions("01", 12)).AddRange(Positions("10", 12)).AddRange(Positions("111", 12));

        Assert.Empty(SweepAnalysis.Of([Exploration(Key("0"), T0, 1000, alive, dead)]).Silent);
    }

    [Fact]
    public void A_part_whose_peers_keep_nothing_is_named_from_lookups_and_contradicts_the_daemon()
    {
        var keys = Enumerable.Range(0, 8).Select(i => Key(Convert.ToString(i, 2).PadLeft(3, '0'))).ToList();
        var peers = ImmutableArray<ulong>.Empty;
        foreach (var key in keys)
        {
            peers = peers.AddRange(Positions(new KeyPrefix(KeyPrefix.PositionOf(key.AsSpan()), 3).ToString(), 20));
        }

        List<SweepFact> facts = [];
        for (var i = 0; i < 8; i++)
        {
            facts.Add(Exploration(Key(Convert.ToString(i, 2).PadLeft(3, '0')), T0 + ((ulong)i * 1_000_000), 900_000, peers));
        }

        facts.AddRange(keys.Select((key, at) => Mark(key, T0 + 20_000_000 + ((ulong)at * 1000))));
        facts.Add(
            new SweepStatistic
            {
                Id = NextId(),
                StartUnixNano = T0 + Second,
                Command = "provide/stat",
                Answer = """{"Sweep":{"operations":{"past":{"keys_failed":0}},"network":{"avg_holders":19.84}}}""",
            }
        );

        // Everywhere else half of the peers of the region hold the record.
        var lookups = keys.Select(key =>
            {
                var position = KeyPrefix.PositionOf(key.AsSpan());
                var near = peers.Where(new KeyPrefix(position, 3).Contains);
                return new SweepLookup(
                    position,
                    T0 + 2 * Second,
                    [.. near.Select((peer, at) => (peer, at % 2 == 0 && new KeyPrefix(position, 3).ToString() != "011"))]
                );
            })
            .ToImmutableArray();

        var report = SweepAnalysis.Of(facts, new SweepOptions { Lookups = lookups });

        var part = Assert.Single(report.Forgetting);
        Assert.Equal(("011", 20, 1), (part.Prefix.ToString(), part.Answers, part.LookedUp));
        Assert.Equal((20, 0), (report.Regions[3].LookupAnswers, report.Regions[3].LookupsHeld));
        Assert.Equal((20, 10), (report.Regions[4].LookupAnswers, report.Regions[4].LookupsHeld));
        Assert.Equal(
            "Kubo counts 0 failed keys and 19.8 holders on average, but lookups of 1 keys found no record at any peer of region 011: "
                + "20 answers of 20 peers named no provider. 1 keys were sent near them.",
            Assert.Single(report.Contradictions)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1")]
    [InlineData("""{"Sweep":{"schedule":[],"timing":{"reprovides_interval":"soon"},"network":7}}""")]
    public void An_answer_of_the_daemon_that_says_nothing_is_no_status(string answer)
    {
        var status = SweepAnalysis
            .Of([
                new SweepStatistic
                {
                    Id = NextId(),
                    StartUnixNano = T0,
                    Command = "provide/stat",
                    Answer = answer,
                },
            ])
            .Status;

        Assert.True(status is null or { Keys: null, IntervalNs: null, KeysFailed: null });
    }

    [Fact]
    public void Facts_survive_being_packed()
    {
        var exploration = Exploration(Key("0101"), T0, 42, Positions("01", 3), Positions("11", 2));

        var read = (SweepExploration)
            SweepFactCodec.Read(SweepFactKind.Exploration, exploration.Id, T0, 42, SweepFactCodec.Write(exploration));

        Assert.Equal(exploration.Key, read.Key);
        Assert.Equal(exploration.Answered, read.Answered);
        Assert.Equal(exploration.Failed, read.Failed);
        Assert.Throws<InvalidDataException>(() =>
            SweepFactCodec.Read(SweepFactKind.Exploration, exploration.Id, T0, 42, SweepFactCodec.Write(exploration).AsSpan(0, 50))
        );
    }

    private static (string, bool, bool) Named(SweepRegion region) =>
        (region.Prefix.ToString(), region.IsLate!.Value, region.IsOverdue!.Value);

    /// <summary>One turn of a region: two lookups, then the marks of two keys.</summary>
    private IEnumerable<SweepFact> Turn(string region, ulong seconds)
    {
        var at = T0 + (seconds * Second);
        yield return Exploration(Key(region + "0"), at, 100_000_000, Positions(region, 15));
        yield return Exploration(Key(region + "1"), at + 100_100_000, 100_000_000, Positions(region, 15));
        foreach (var mark in Marks([region + "0", region + "1"], at + 205_000_000))
        {
            yield return mark;
        }
    }

    private IEnumerable<SweepFact> Marks(IEnumerable<string> prefixes, ulong at) =>
        prefixes.Select((prefix, index) => Mark(Key(prefix), at + ((ulong)index * 10_000)));

    private SweepMark Mark(ImmutableArray<byte> key, ulong at) =>
        new()
        {
            Id = NextId(),
            StartUnixNano = at,
            DurationNs = 5_000,
            Key = key,
        };

    private SweepExploration Exploration(
        ImmutableArray<byte> key,
        ulong at,
        long duration,
        ImmutableArray<ulong> answered,
        ImmutableArray<ulong> failed = default
    ) =>
        new()
        {
            Id = NextId(),
            StartUnixNano = at,
            DurationNs = duration,
            Key = key,
            Answered = answered,
            Failed = failed.IsDefault ? [] : failed,
        };

    private QueryId NextId() => new(new TraceId(1, ++_span), new SpanId(_span));

    /// <summary>A multihash whose position begins with these bits.</summary>
    private ImmutableArray<byte> Key(string prefix)
    {
        var key = new byte[34];
        do
        {
            _random.NextBytes(key);
            (key[0], key[1]) = (0x12, 0x20);
        } while (!KeyPrefix.Parse(prefix)!.Value.Contains(KeyPrefix.PositionOf(key)));

        return [.. key];
    }

    private ImmutableArray<ulong> Positions(string prefix, int count)
    {
        var part = KeyPrefix.Parse(prefix)!.Value;
        return [.. Enumerable.Range(0, count).Select(_ => part.First | ((ulong)_random.NextInt64() >> Math.Max(0, part.Length - 1)))];
    }
}
