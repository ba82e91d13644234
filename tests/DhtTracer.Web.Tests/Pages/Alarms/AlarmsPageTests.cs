using DhtTracer.Analysis;
using DhtTracer.Analysis.Alarms;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage.Alarms;
using DhtTracer.Traces.Model;
using DhtTracer.Web.Alarms;
using DhtTracer.Web.Tests.Fixture;
using Microsoft.Extensions.DependencyInjection;

namespace DhtTracer.Web.Tests.Pages.Alarms;

/// <summary>Four days of 45 lookups at the same hour; the last day is three times as slow.</summary>
public sealed class AlarmsPageTests
{
    private const ulong Hour = HourSums.LengthNs;
    private const ulong Slow = 490_011 * Hour;

    [Fact]
    public async Task A_slow_hour_is_an_alarm_on_the_overview_the_page_the_api_and_the_metrics_and_ends_when_it_is_over()
    {
        var clock = new Clock();
        await using var site = await Site.StartRebuiltAsync(
            services => services.AddSingleton<TimeProvider>(clock),
            [Day(3, 1), Day(2, 1), Day(1, 1), Day(0, 3)]
        );
        var watch = site.Services.GetRequiredService<AlarmWatch>();
        Assert.Contains("No hour was watched yet", (await site.PageAsync("/alarms")).Texts("p.count")[0], StringComparison.Ordinal);

        // The hour is not due before its spans have had time to come.
        clock.Now = Time(Slow + Hour) + AlarmWatch.Settling - TimeSpan.FromSeconds(1);
        await watch.WatchAsync(CancellationToken.None);
        Assert.Empty((await site.Store.ListAlarmsAsync(new AlarmFilter(), 10)).Alarms);

        clock.Now += TimeSpan.FromSeconds(1);
        await watch.WatchAsync(CancellationToken.None);
        var alarms = (await site.Store.ListAlarmsAsync(new AlarmFilter(), 10)).Alarms;
        Assert.Equal([AlarmKind.DurationP50, AlarmKind.DurationP90], alarms.Select(static alarm => alarm.Kind).Order());
        Assert.All(
            alarms,
            static alarm => Assert.Equal((Slow, "get-closest-peers", 45), (alarm.SinceUnixNano, alarm.Subject, alarm.Raised.RestsOn))
        );

        Assert.Contains("2 alarms", (await site.PageAsync("/?range=all")).Texts("#alarms")[0], StringComparison.Ordinal);
        var page = await site.PageAsync("/alarms?show=open&kind=duration-p50");
        var row = Assert.Single(page.QuerySelectorAll("table.alarms tbody tr"));
        Assert.Equal(["open", "median duration longer", "get-closest-peers", "3s", "1s"], row.Texts("td").Take(5));
        Assert.Equal("45 lookups", row.Texts("td")[6]);

        // Both sets stand in the address: 45 lookups of the hour, and 135 of the same hours before.
        var compare = await site.JsonAsync("/api/v1" + row.QuerySelector("td:last-child a")!.GetAttribute("href"));
        Assert.Equal(135, compare.GetProperty("comparison").GetProperty("a").GetProperty("operations").GetInt32());
        Assert.Equal(45, compare.GetProperty("comparison").GetProperty("b").GetProperty("operations").GetInt32());

        var only = await site.PageAsync(row.QuerySelector("th a")!.GetAttribute("href")!);
        Assert.Contains("3s where 1s was expected", only.Texts("#this-alarm p")[0], StringComparison.Ordinal);
        var json = await site.JsonAsync("/api/v1/alarms?show=open");
        Assert.Equal(2, json.GetProperty("alarms").GetArrayLength());
        Assert.Equal($"{Slow}", json.GetProperty("alarms")[0].GetProperty("sinceUnixNano").GetString());
        var metrics = await site.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Matches("""dht_tracer_alarms(_alarms)?\{[^}]*kind="duration-p50"[^}]*\} 1\s""", metrics);
        Assert.Matches("""dht_tracer_alarms(_alarms)?\{[^}]*kind="eclipse"[^}]*\} 0\s""", metrics);

        // A day without lookups: nobody can tell, so the alarms end. The days are watched once, whoever asks.
        clock.Now += TimeSpan.FromHours(24);
        await watch.WatchAsync(CancellationToken.None);
        await watch.WatchAsync(CancellationToken.None);
        Assert.Empty((await site.PageAsync("/?range=all")).QuerySelectorAll("#alarms"));
        Assert.StartsWith(
            "2 alarms, 0 open. The hour from",
            (await site.PageAsync("/alarms")).Texts("p.count")[0],
            StringComparison.Ordinal
        );
        Assert.Equal(2, (await site.PageAsync("/alarms?show=ended")).QuerySelectorAll("table.alarms tbody tr").Length);
    }

    [Fact]
    public async Task What_is_not_understood_says_so()
    {
        await using var site = await Site.StartAsync();

        var page = await site.PageAsync("/alarms?show=some&kind=thing&from=soon");
        Assert.Equal(3, page.QuerySelectorAll(".note.warn").Length);
        var answer = await site.Client.GetAsync(new Uri("/api/v1/alarms?kind=thing", UriKind.Relative));
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private static DateTimeOffset Time(ulong unixNano) => DateTimeOffset.UnixEpoch.AddTicks((long)(unixNano / 100));

    private static ReconstructedTrace Day(int back, int seconds) =>
        ReconstructedTrace.Of(
            Enumerable
                .Range(1, 45)
                .Select(i =>
                    SimulatedQueries.Make(
                        i,
                        3,
                        query =>
                            query with
                            {
                                Id = new QueryId(new TraceId(9, (ulong)back + 1), new SpanId((ulong)i)),
                                OperationId = new QueryId(new TraceId(9, (ulong)back + 1), new SpanId((ulong)i)),
                                Type = QueryType.GetClosestPeers,
                                Background = false,
                                Outcome = QueryOutcome.Success,
                                StartUnixNano = Slow - ((ulong)back * 24 * Hour) + ((ulong)i * 1_000_000_000),
                                DurationNs = seconds * 1_000_000_000L,
                            }
                    )
                )
        );

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = Time(Slow);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
