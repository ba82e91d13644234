using DhtTracer.Analysis.Records;

namespace DhtTracer.Truth.Tests.KuboTime;

/// <summary>The lives of records as lookups of a real Kubo show them, against the stores of all servers.</summary>
public sealed class RecordLifeTruthTests
{
    private const ulong Second = 1_000_000_000;

    private static readonly string[] Names = ["k1", "k2", "nA", "nB"];

    private static LifeCapture Capture => LifeCapture.Read.Value;

    [Fact]
    public void Lookups_miss_few_holders_among_the_true_20_and_invent_hardly_any()
    {
        var (held, missed, seen, invented) = (0, 0, 0, 0);
        foreach (var (name, lookup) in Lookups().Where(static pair => pair.Lookup.Counts))
        {
            var truth = Capture.At(name, lookup.Sighting.StartUnixNano);
            HashSet<int> holders = [.. lookup.Sighting.Holders.Select(static holder => Capture.Servers[holder])];
            var closest = truth.Holders.Keys.Where(truth.Closest.Contains).ToList();
            held += closest.Count;
            missed += closest.Count(server => !holders.Contains(server));
            seen += holders.Count;
            invented += holders.Count(server => !truth.Holders.ContainsKey(server));
        }

        // The nearest snapshot is up to 10 s away: 15 of the 28 that no store had were of k1, which expired in between.
        Assert.Equal((1131, 27), (held, missed));
        Assert.InRange(invented, 15, seen / 40);
    }

    [Fact]
    public void Name_resolution_stops_at_its_quorum_and_does_not_count()
    {
        var resolutions = Capture
            .Sightings.Where(static pair => pair.Operation.Context.Any(static above => above.Detail == "/api/v0/name/resolve"))
            .ToList();

        Assert.Equal(6, resolutions.Count);
        Assert.All(resolutions, static pair => Assert.False(pair.Sighting.Complete));
        Assert.All(
            Capture.Sightings.Except(resolutions),
            static pair => Assert.True(pair.Sighting.Complete, $"{pair.Operation.Id} is not complete")
        );
    }

    [Fact]
    public void A_record_that_was_provided_once_is_gone_when_the_stores_say_so()
    {
        var life = Capture.Life("k1");
        var gone = Assert.Single(life.Changes);
        var lastHeld = Capture.Snapshots["k1"].Last(static snapshot => snapshot.Holders.Count > 0).Time;
        var firstEmpty = Capture.Snapshots["k1"].First(snapshot => snapshot.Time > lastHeld).Time;

        Assert.Equal(RecordChangeKind.Gone, gone.Kind);
        Assert.True(gone.FromUnixNano <= firstEmpty && lastHeld <= gone.ToUnixNano);
        Assert.Equal(RecordAlarmKind.Gone, Assert.Single(life.Alarms).Kind);
    }

    [Fact]
    public void Only_the_record_that_nobody_keeps_raises_an_alarm() =>
        Assert.Equal(["k1"], Names.Where(static name => !Capture.Life(name).Alarms.IsEmpty));

    [Fact]
    public void A_re_provide_is_claimed_only_when_servers_read_one()
    {
        var claims = Capture.Life("k2").Changes;

        Assert.Equal([RecordChangeKind.ProvidedAgain], claims.Select(static claim => claim.Kind));
        Assert.All(
            claims,
            static claim =>
                Assert.Contains(
                    Capture.Messages,
                    message =>
                        message is { Key: "k2", From: "B", Type: "ADD_PROVIDER" }
                        && message.Time >= claim.FromUnixNano
                        && message.Time <= claim.ToUnixNano
                )
        );
    }

    [Fact]
    public void Every_ipns_record_that_was_read_is_one_that_a_store_held()
    {
        var read = Lookups()
            .Where(static pair => pair.Name is "nA" or "nB")
            .SelectMany(static pair => pair.Lookup.Sighting.Values.Select(value => (pair.Name, value.Ipns)));
        var stored = new[] { "nA", "nB" }.ToDictionary(
            static name => name,
            static name => Capture.Snapshots[name].SelectMany(static snapshot => snapshot.Holders.Values).Select(Stored).ToHashSet()
        );

        Assert.All(
            read,
            found =>
                Assert.Contains((found.Ipns.Sequence, found.Ipns.Value, found.Ipns.EndOfLifeUnixNano!.Value / Second), stored[found.Name])
        );
        Assert.All(
            Lookups().Where(static pair => pair.Name is "nA" or "nB"),
            static pair => Assert.Equal(pair.Lookup.Sighting.Holders.Length, pair.Lookup.Sighting.Values.Sum(static value => value.Holders))
        );
    }

    [Fact]
    public void The_period_of_a_republication_can_be_read_from_the_ends_of_life()
    {
        // B republishes every 3 minutes; its first republication comes a minute after the daemon's start.
        var moves = Capture.Life("nB").Changes.Select(static change => change.MovedNs!.Value / 1e9).Skip(1).ToList();

        Assert.Equal(8, moves.Count);
        Assert.All(moves, static moved => Assert.Equal(0, Math.Abs(moved - (180 * Math.Round(moved / 180))), 0.2));
        Assert.Single(Capture.Life("nA").Changes, static change => change.Kind == RecordChangeKind.Republished);
    }

    [Fact]
    public void Holders_that_only_the_looker_made_are_those_that_got_the_record_after_its_publisher_had_stopped()
    {
        // Who holds a record for the first time after that has it from the looker: nobody else sends it.
        var stopped = Capture.PublisherStopped;
        var made = Capture
            .Snapshots["nA"]
            .SelectMany(static snapshot => snapshot.Holders.Keys.Select(server => (server, snapshot.Time)))
            .GroupBy(static held => held.server, static held => held.Time)
            .Where(times => times.Min() > stopped)
            .Select(static times => times.Key)
            .ToHashSet();
        var life = Capture.Life("nA");

        Assert.All(
            life.Lookups,
            lookup =>
                Assert.InRange(
                    lookup.HoldersByLooker!.Value - lookup.Sighting.Holders.Count(holder => made.Contains(Capture.Servers[holder])),
                    -1,
                    1
                )
        );
        Assert.InRange(life.LastCounted!.HoldersByLooker!.Value, 5, 15);
        Assert.All(Capture.Life("k1").Lookups, static lookup => Assert.Equal(0, lookup.HoldersByLooker));
    }

    private static IEnumerable<(string Name, RecordLookup Lookup)> Lookups() =>
        Names.SelectMany(static name => Capture.Life(name).Lookups.Select(lookup => (name, lookup)));

    /// <summary>What a store held: <c>0 /ipfs/bafy… 1796021908 2026-11-30T06:48:28Z</c>.</summary>
    private static (ulong Sequence, string Value, ulong EndSeconds) Stored(string text)
    {
        var parts = text.Split(' ');
        return (
            ulong.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture),
            parts[1],
            ulong.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture)
        );
    }
}
