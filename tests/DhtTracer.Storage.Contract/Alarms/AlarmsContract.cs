using DhtTracer.Analysis.Alarms;
using DhtTracer.Storage.Alarms;

namespace DhtTracer.Storage.Contract.Alarms;

/// <summary>An hour is watched once; its alarms are kept, and found by state, kind and time.</summary>
public abstract class AlarmsContract : StoreContract
{
    private const ulong Hour = HourSums.LengthNs;
    private const ulong First = 490_000 * Hour;

    [Fact]
    public async Task An_hour_is_saved_once_with_its_alarms()
    {
        var store = await OpenAsync();
        var alarm = Raise("get-providers\0<b>", First);

        Assert.True(await store.SaveWatchAsync(new WatchedHour(First, [0.25, 1e-12]), [alarm]));
        Assert.False(await store.SaveWatchAsync(new WatchedHour(First, [0.5]), [Raise("find-peer", First)]));

        var state = await store.ReadWatchAsync(First);
        var hour = Assert.Single(state.Hours);
        Assert.Equal((First, 0.25, 1e-12), (hour.StartUnixNano, hour.PValues[0], hour.PValues[1]));
        var kept = Assert.Single(state.Alarms);
        Assert.Equal((alarm.Id, alarm.Subject, alarm.Raised.Figure), (kept.Id, kept.Subject, kept.Raised.Figure));
        Assert.Empty((await store.ReadWatchAsync(First + 1)).Hours);
    }

    [Fact]
    public async Task A_later_hour_changes_an_alarm_and_ends_it()
    {
        var store = await OpenAsync();
        var alarm = Raise("get-providers", First);
        await store.SaveWatchAsync(new WatchedHour(First, []), [alarm]);
        await store.SaveWatchAsync(new WatchedHour(First + Hour, []), [alarm with { FineHours = 1 }]);
        Assert.Equal(1, Assert.Single((await store.ReadWatchAsync(First)).Alarms).FineHours);

        var ended = alarm with { UntilUnixNano = First + Hour, End = AlarmEnd.Fine };
        await store.SaveWatchAsync(new WatchedHour(First + (2 * Hour), []), [ended]);

        Assert.Equal(AlarmEnd.Fine, Assert.Single((await store.ReadWatchAsync(First + Hour)).Alarms).End);
        Assert.Empty((await store.ReadWatchAsync(First + Hour + 1)).Alarms);
    }

    [Fact]
    public async Task Alarms_are_found_by_state_kind_time_and_id_latest_first()
    {
        var store = await OpenAsync();
        var old = Raise("old", First) with { UntilUnixNano = First + Hour, End = AlarmEnd.Fine };
        var open = Raise("open", First + Hour);
        var other = Raise("other", First + (2 * Hour), AlarmKind.Timeouts);
        await store.SaveWatchAsync(new WatchedHour(First, []), [old, open, other]);

        async Task<string> Found(AlarmFilter filter, int limit = 10) =>
            string.Join(' ', (await store.ListAlarmsAsync(filter, limit)).Alarms.Select(static alarm => alarm.Subject));
        Assert.Equal("other open old", await Found(new AlarmFilter()));
        Assert.Equal("other open", await Found(new AlarmFilter { IsOpen = true }));
        Assert.Equal("old", await Found(new AlarmFilter { IsOpen = false }));
        Assert.Equal("other", await Found(new AlarmFilter { Kind = AlarmKind.Timeouts }));
        Assert.Equal("other open", await Found(new AlarmFilter { FromUnixNano = First + Hour + 1 }));
        Assert.Equal("open old", await Found(new AlarmFilter { ToUnixNano = First + (2 * Hour) }));
        Assert.Equal("open", await Found(new AlarmFilter { Id = open.Id }));
        Assert.Equal("", await Found(new AlarmFilter { Id = "\0" }));
        Assert.Equal("other", await Found(new AlarmFilter(), 1));
        Assert.True((await store.ListAlarmsAsync(new AlarmFilter(), 1)).HasMore);
        Assert.False((await store.ListAlarmsAsync(new AlarmFilter(), 3)).HasMore);
    }

    [Fact]
    public async Task Hours_and_alarms_of_long_ago_are_deleted()
    {
        var store = await OpenAsync();
        var old = Raise("old", First) with { UntilUnixNano = First + Hour, End = AlarmEnd.Fine };
        await store.SaveWatchAsync(new WatchedHour(First, []), [old, Raise("open", First)]);
        await store.SaveWatchAsync(new WatchedHour(First + (402 * 24 * Hour), []), []);

        Assert.Equal("open", Assert.Single((await store.ListAlarmsAsync(new AlarmFilter(), 10)).Alarms).Subject);
        Assert.Single((await store.ReadWatchAsync(0)).Hours);
    }

    [Fact]
    public async Task An_archive_without_lookups_is_watched_without_alarms_and_only_once()
    {
        var store = await OpenAsync();

        var changes = await HourReading.WatchAsync(store, First);

        Assert.NotNull(changes);
        Assert.Empty(changes.All);
        Assert.Null(await HourReading.WatchAsync(store, First));
    }

    private static Alarm Raise(string subject, ulong hour, AlarmKind kind = AlarmKind.DurationP50) =>
        Alarm.Of(
            new AlarmFinding
            {
                Kind = kind,
                Subject = subject,
                State = FindingState.Alarm,
                Figure = 1.5e9,
            },
            hour
        );
}
