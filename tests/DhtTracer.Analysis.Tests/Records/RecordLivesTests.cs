using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Records;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Records;

public sealed class RecordLivesTests
{
    private const ulong Hour = 3_600_000_000_000;

    private static readonly QueryKey Cid = new("bafy", "1220aa", "bb");
    private static readonly QueryKey Name = new("/ipns/k51", "2f69706e73", "cc");

    [Fact]
    public void A_record_published_once_is_an_alarm_when_the_next_publication_is_over_due()
    {
        Assert.Empty(Life(21 * Hour, Published(0)).Alarms);

        var alarm = Assert.Single(Life(23 * Hour, Published(0)).Alarms);
        Assert.Equal((RecordAlarmKind.PublishedOnce, 22 * Hour), (alarm.Kind, alarm.SinceUnixNano));
        Assert.Empty(Life(23 * Hour, Published(0), Published(20 * Hour)).Alarms);
    }

    [Fact]
    public void Kubos_sweep_announces_without_an_operation_so_only_a_lookup_that_finds_nobody_is_proof()
    {
        var published = Published(0) with { Service = "Kubo" };

        Assert.Empty(Life(30 * Hour, published).Alarms);
        Assert.Equal(
            [RecordAlarmKind.Gone, RecordAlarmKind.PublishedOnce],
            Life(60 * Hour, published, Looked(50 * Hour)).Alarms.Select(static alarm => alarm.Kind)
        );
    }

    [Fact]
    public void A_publication_that_reached_nobody_is_none() => Assert.Empty(Life(23 * Hour, Published(0) with { SentTo = [] }).Alarms);

    [Fact]
    public void A_record_that_nobody_published_and_nobody_holds_is_no_alarm() => Assert.Empty(Life(Hour, Looked(0)).Alarms);

    [Fact]
    public void Fewer_than_three_holders_are_an_alarm_unless_hardly_anybody_answered()
    {
        Assert.Equal(RecordAlarmKind.FewHolders, Assert.Single(Life(Hour, Looked(0, "a", "b")).Alarms).Kind);
        Assert.Empty(Life(Hour, Looked(0, "a", "b", "c")).Alarms);
        Assert.Empty(Life(Hour, Looked(0, "a", "b") with { Answered = 2 }).Alarms);
        Assert.Empty(Life(Hour, Looked(0, "a") with { Complete = false }).Alarms);
    }

    [Fact]
    public void Between_publications_more_than_48_hours_apart_the_record_had_run_out()
    {
        var alarm = Assert.Single(Life(51 * Hour, Published(0), Published(50 * Hour)).Alarms);

        Assert.Equal((RecordAlarmKind.Gap, 48 * Hour), (alarm.Kind, alarm.SinceUnixNano));
        Assert.Contains("2h", alarm.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_had_ended_before_the_lookup_is_still_served()
    {
        var ended = Looked(5 * Hour, "a", "b", "c") with { Key = Name, Type = QueryType.GetValue, Values = [Value(1, 4 * Hour, 3)] };
        var valid = ended with { Values = [Value(2, 6 * Hour, 1), Value(1, 4 * Hour, 2)] };

        Assert.Equal(RecordAlarmKind.ExpiredButServed, Assert.Single(Life(5 * Hour, ended).Alarms).Kind);
        Assert.Empty(Life(5 * Hour, valid).Alarms);
        Assert.Equal(6 * Hour, Life(5 * Hour, valid).RunsOut!.UnixNano);
        Assert.Equal(RecordCertainty.Seen, Life(5 * Hour, valid).RunsOut!.Certainty);
    }

    [Fact]
    public void Holders_that_only_a_looker_made_are_told_from_those_of_the_publisher()
    {
        var first = Looked(Hour, "a", "b", "c") with { Key = Name, Type = QueryType.GetValue };
        var second = Looked(2 * Hour, "a", "x", "y") with { Key = Name, Type = QueryType.GetValue };
        var third = Looked(3 * Hour, "x", "y", "z") with { Key = Name, Type = QueryType.GetValue };
        RecordCorrection[] sent =
        [
            Sent("x", Hour + 1),
            Sent("y", Hour + 1),
            Sent("a", Hour + 2),
            Sent("z", (2 * Hour) + 1),
            Sent("q", Hour + 3) with
            {
                Outcome = RequestOutcome.Failed,
            },
        ];

        var life = RecordLives.Of(Name, [third, first, second], sent, RecordTimes.Amino, 3 * Hour);
        Assert.Equal([0, 2, 3], life.Lookups.Select(static lookup => lookup.HoldersByLooker));
        Assert.Equal([4, 1, 0], life.Lookups.Select(static lookup => lookup.Corrections));
        Assert.Equal(RecordAlarmKind.KeptByLookers, Assert.Single(life.Alarms).Kind);
    }

    [Fact]
    public void A_later_end_of_life_is_a_republication_and_a_higher_sequence_a_new_value()
    {
        RecordSighting At(ulong hour, ulong sequence, ulong end) =>
            Looked(hour * Hour, "a", "b", "c") with
            {
                Key = Name,
                Type = QueryType.GetValue,
                Values = [Value(sequence, end * Hour, 3)],
            };

        var life = Life(5 * Hour, At(1, 0, 24), At(2, 0, 24), At(3, 0, 26), At(4, 1, 28));
        Assert.Equal(
            [
                new RecordChange(RecordChangeKind.Republished, 2 * Hour, 3 * Hour, (long)(2 * Hour)),
                new RecordChange(RecordChangeKind.NewValue, 3 * Hour, 4 * Hour),
            ],
            life.Changes
        );
    }

    [Fact]
    public void An_operation_without_a_key_or_of_another_kind_shows_nothing_of_a_record()
    {
        var operation = new Operation
        {
            Id = new QueryId(new TraceId(1, 1), new SpanId(1)),
            Type = QueryType.FindPeer,
            Key = Cid,
            Source = TraceSource.Native,
            StartUnixNano = 1,
            Outcome = QueryOutcome.Success,
        };

        Assert.Null(RecordSighting.Of(operation, []));
        Assert.Null(RecordSighting.Of(operation with { Type = QueryType.GetProviders }, []));
    }

    private static RecordLife Life(ulong asOf, params RecordSighting[] sightings) =>
        RecordLives.Of(sightings[0].Key, sightings, [], RecordTimes.Amino, asOf);

    private static RecordSighting Published(ulong start) =>
        new()
        {
            Operation = new QueryId(new TraceId(1, start + 1), new SpanId(1)),
            Key = Cid,
            Type = QueryType.AddProvider,
            StartUnixNano = start,
            Outcome = QueryOutcome.Success,
            SentTo = ["a", "b", "c"],
            Complete = true,
        };

    private static RecordSighting Looked(ulong start, params string[] holders) =>
        new()
        {
            Operation = new QueryId(new TraceId(2, start + 1), new SpanId(1)),
            Key = Cid,
            Type = QueryType.GetProviders,
            StartUnixNano = start,
            Outcome = QueryOutcome.Success,
            Answered = 20,
            Holders = [.. holders],
            Complete = true,
        };

    private static SeenValue Value(ulong sequence, ulong end, int holders) => new(new IpnsValue("/ipfs/bafy", sequence, end), holders);

    private static RecordCorrection Sent(string peer, ulong start) => new(peer, start, RequestOutcome.Answered);
}
