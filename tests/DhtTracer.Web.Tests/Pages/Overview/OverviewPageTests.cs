using System.Globalization;
using System.Text.Json;
using AngleSharp.Html.Dom;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.TestSupport.ArchiveSimulator;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Overview;

public sealed class OverviewPageTests(KnownArchive archive)
{
    [Theory]
    [InlineData("/?range=all", 0, int.MaxValue)]
    [InlineData("/?from=2026-11-22T09:00&to=2026-11-22T12:00", 60, 240)]
    public async Task Every_tile_and_every_cell_of_the_figures_is_that_of_the_simulated_queries(
        string address,
        int fromMinute,
        int toMinute
    )
    {
        var queries = Between(fromMinute, toMinute);
        var page = await archive.Site.PageAsync(address);
        var tiles = page.QuerySelectorAll(".tiles > div")
            .ToDictionary(tile => tile.QuerySelector("dt")!.Text(), tile => tile.QuerySelector("dd")!.Text());
        var durations = queries.Select(query => query.DurationNs).ToList();
        var dials = queries.SelectMany(query => query.Peers).Select(peer => peer.Dial).OfType<PeerDial>().ToList();
        var dialed = dials.Where(dial => dial.Reused != true).ToList();
        Shown.Count(queries.Count, tiles["operations"]);
        Shown.Share(
            (double)queries.Count(query => query.Outcome == QueryOutcome.Success)
                / queries.Count(query => query.Outcome != QueryOutcome.Incomplete),
            tiles["success"]
        );
        Shown.Duration(Truth.Percentile(durations, 50), tiles["duration p50"]);
        Shown.Duration(Truth.Percentile(durations, 90), tiles["p90"]);
        Shown.Duration(Truth.Percentile(durations, 95), tiles["p95"]);
        Shown.Duration(Truth.Percentile(durations, 99), tiles["p99"]);
        Shown.Duration(Truth.Percentile(queries.Select(Truth.FirstResult), 50), tiles["first result p50"]);
        Shown.Count(Truth.Percentile(queries.Select(query => (long?)query.Hops), 50), tiles["hops p50"]);
        Shown.Count(
            Truth.Percentile(queries.Select(query => (long?)query.Peers.Count(peer => peer.Requests.Length > 0)), 50),
            tiles["queried p50"]
        );
        Shown.Share((double)dialed.Count(dial => dial.Error is { Class: not ErrorClass.Cancelled }) / dialed.Count, tiles["dials failed"]);
        Shown.Share((double)dials.Count(dial => dial.Reused == true) / dials.Count, tiles["connections reused"]);
        Shown.Number(0, tiles["duplicates / operation"]);

        CheckDistribution(page, "Duration", durations, isTime: true);
        CheckDistribution(page, "Time to first result", queries.Select(Truth.FirstResult), isTime: true);
        CheckDistribution(page, "Discovery", queries.Select(query => query.DiscoveryNs), isTime: true);
        CheckDistribution(page, "Hops", queries.Select(query => (long?)query.Hops), isTime: false);
        CheckDistribution(
            page,
            "Peers queried",
            queries.Select(query => (long?)query.Peers.Count(peer => peer.Requests.Length > 0)),
            isTime: false
        );
        CheckDistribution(page, "Duplicate requests", queries.Select(_ => (long?)0), isTime: false);
    }

    [Fact]
    public async Task Every_period_of_the_charts_and_their_table_is_counted_and_leads_to_its_queries()
    {
        var page = await archive.Site.PageAsync("/?range=all");
        var hours = archive.Queries.GroupBy(query => query.StartUnixNano / 3_600_000_000_000).OrderBy(group => group.Key).ToList();
        var rows = page.QuerySelectorAll("details.data tbody tr");
        Assert.Equal(hours.Count, rows.Length);
        var heads = page.Texts("details.data thead th");
        foreach (var (row, hour) in rows.Zip(hours))
        {
            var cells = row.Texts("td");
            Assert.Equal(DateTimeOffset.UnixEpoch.AddHours(hour.Key).ToString("d MMM yyyy HH:mm", CultureInfo.InvariantCulture), cells[0]);
            Shown.Count(hour.Count(), cells[1]);
            var known = hour.Count(query => query.Outcome != QueryOutcome.Incomplete);
            Shown.Share(known == 0 ? null : (double)hour.Count(query => query.Outcome == QueryOutcome.Success) / known, cells[2]);
            for (var i = 0; i < 4; i++)
            {
                Shown.Duration(Truth.Percentile(hour.Select(query => query.DurationNs), Truth.Needed.Keys.ElementAt(i)), cells[3 + i]);
            }

            for (var i = 7; i < heads.Count; i++)
            {
                Shown.Count(
                    hour.Count(query =>
                        query
                            .Outcome.ToString()
                            .Equals(
                                heads[i].Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal),
                                StringComparison.OrdinalIgnoreCase
                            )
                    ),
                    cells[i]
                );
            }
        }

        // Heights of the points are in proportion to the logarithms of the values, and each hour leads to exactly its queries.
        var points = page.QuerySelectorAll(".chart circle.p50").Select(circle => 100 - Percent(circle.GetAttribute("cy")!)).ToList();
        var medians = hours.Select(hour => (double)Truth.Percentile(hour.Select(query => query.DurationNs), 50)!.Value).ToList();
        Assert.Equal(medians.Count, points.Count);
        var (lowest, highest) = (Math.Log10(medians.Min()), Math.Log10(medians.Max()));
        Assert.All(
            points.Zip(medians),
            pair =>
                Assert.Equal(
                    points.Min() + ((points.Max() - points.Min()) * (Math.Log10(pair.Second) - lowest) / (highest - lowest)),
                    pair.First,
                    0.01
                )
        );
        var links = page.QuerySelectorAll(".charts figure:first-of-type .hits a").ToList();
        Assert.Equal(hours.Count, links.Count);
        foreach (var (link, hour) in links.Zip(hours).Take(3))
        {
            var list = await archive.Site.PageAsync(link.GetAttribute("href")!);
            Assert.Equal(
                hour.Select(query => $"/q/{query.Id}").Order(),
                list.QuerySelectorAll("a.key").Select(key => key.GetAttribute("href")!).Order()
            );
        }
    }

    [Fact]
    public async Task Bars_of_the_outcomes_are_as_high_as_their_counts()
    {
        var page = await archive.Site.PageAsync("/?range=all");
        var hours = archive.Queries.GroupBy(query => query.StartUnixNano / 3_600_000_000_000).OrderBy(group => group.Key).ToList();
        var heights = page.QuerySelectorAll(".charts figure:last-of-type .hits > rect.o-success")
            .Select(rect => Percent(rect.GetAttribute("height")!))
            .ToList();
        var counts = hours
            .Select(hour => (double)hour.Count(query => query.Outcome == QueryOutcome.Success))
            .Where(count => count > 0)
            .ToList();
        Assert.Equal(counts.Count, heights.Count);
        Assert.All(heights.Zip(counts), pair => Assert.Equal(heights.Max() / counts.Max() * pair.Second, pair.First, 0.01));
    }

    [Fact]
    public async Task Slowest_failing_errors_and_agents_are_counted()
    {
        var page = await archive.Site.PageAsync("/?range=all");
        Assert.Equal(
            archive
                .Queries.Where(query => query.DurationNs is not null)
                .OrderByDescending(query => query.DurationNs)
                .ThenBy(query => query.Id.ToString(), StringComparer.Ordinal)
                .Take(8)
                .Select(query => $"/q/{query.Id}"),
            page.QuerySelectorAll("#slowest li a").Select(link => link.GetAttribute("href")!)
        );
        Assert.Equal(
            archive
                .Queries.Where(query => query.Outcome is QueryOutcome.Failed or QueryOutcome.TimedOut)
                .OrderByDescending(query => query.StartUnixNano)
                .Take(8)
                .Select(query => $"/q/{query.Id}"),
            page.QuerySelectorAll("#failing li a").Select(link => link.GetAttribute("href")!)
        );
        CheckCounts(
            page,
            "#query-errors",
            archive.Queries.Select(query => query.Error?.Class).OfType<string>(),
            static name => name.Replace('-', ' ')
        );
        CheckCounts(page, "#peer-errors", archive.Queries.SelectMany(OverviewTruth.Errors), static name => name.Replace('-', ' '));
        CheckCounts(
            page,
            "#agents",
            archive.Queries.SelectMany(query => query.Peers).Select(peer => peer.Agent).OfType<string>(),
            static name => name
        );
    }

    [Theory]
    [InlineData("/?range=all")]
    [InlineData("/?from=2026-11-22T20:00&to=2026-11-23T02:00&type=find-peer")]
    public async Task Errors_and_agents_lead_to_their_queries_and_the_list_leads_back_to_their_figures(string address)
    {
        var page = await archive.Site.PageAsync(address);
        foreach (var section in new[] { "#query-errors", "#peer-errors", "#agents" })
        {
            var rows = page.QuerySelectorAll($"{section} tr").Take(2).ToList();
            Assert.NotEmpty(rows);
            foreach (var row in rows)
            {
                var text = row.QuerySelector("th")!.Text();
                var list = await archive.Site.PageAsync(row.QuerySelector("a")!.GetAttribute("href")!);
                var back = await archive.Site.PageAsync(
                    list.QuerySelectorAll(".page-head a").Single(link => link.Text() == "figures of these").GetAttribute("href")!
                );
                var queries = archive
                    .Queries.Where(query =>
                        address.EndsWith("all", StringComparison.Ordinal)
                        || (query.Type == QueryType.FindPeer && Between(12 * 60, 18 * 60).Contains(query))
                    )
                    .Where(query =>
                        section switch
                        {
                            "#query-errors" => query.Error?.Class == text.Replace(' ', '-'),
                            "#peer-errors" => OverviewTruth.Errors(query).Contains(text.Replace(' ', '-')),
                            _ => query.Peers.Any(peer => peer.Agent?.StartsWith(text, StringComparison.Ordinal) == true),
                        }
                    )
                    .ToList();
                Assert.Equal(Math.Min(50, queries.Count), list.QuerySelectorAll("a.key").Length);
                Assert.Equal(queries.Count.ToString("N0", CultureInfo.InvariantCulture), back.QuerySelector(".tiles dd")!.Text());
            }
        }
    }

    [Fact]
    public async Task A_stretch_leads_to_its_comparison_with_earlier_ones()
    {
        // The archive ends after thirty hours: one hour of it has an hour and a day before.
        var page = await archive.Site.PageAsync("/?from=2026-11-23T12:00&to=2026-11-23T13:00&service=shaky");
        var links = page.QuerySelectorAll(".earlier a");
        Assert.Equal(
            ["as much time just before", "the same time the day before", "the same time a week before"],
            links.Select(link => link.Text())
        );
        foreach (var (link, before) in links.Zip(new[] { "2026-11-23T11:00", "2026-11-22T12:00", "2026-11-16T12:00" }))
        {
            var compare = await archive.Site.PageAsync(link.GetAttribute("href")!);
            Assert.Equal(
                [before, "2026-11-23T12:00", "shaky", "shaky"],
                new[] { "a.from", "b.from", "a.service", "b.service" }.Select(name =>
                    ((IHtmlInputElement)compare.QuerySelector($"input[name='{name}']")!).Value
                )
            );
        }

        Assert.Empty((await archive.Site.PageAsync("/?range=all")).QuerySelectorAll(".earlier a"));
        Assert.Equal(
            ["as much time just before", "the same time a week before"],
            (await archive.Site.PageAsync("/?range=24h")).Texts(".earlier a")
        );
    }

    [Fact]
    public async Task The_slowest_tenth_leads_to_its_comparison_with_the_rest()
    {
        var page = await archive.Site.PageAsync("/?range=all&service=shaky");
        var compare = page.QuerySelector("#slowest-tenth a")!.GetAttribute("href")!;
        var answer = await archive.Site.JsonAsync("/api/v1" + compare);

        var durations = archive.Queries.Where(query => query.Service == "shaky").Select(query => query.DurationNs).ToList();
        var threshold = Truth.Percentile(durations, 90);
        var slow = durations.Count(duration => duration >= threshold);
        Assert.Equal((durations.Count(duration => duration < threshold), slow), (Operations(answer, "a"), Operations(answer, "b")));
        Assert.True(answer.GetProperty("comparison").GetProperty("slowIsB").GetBoolean());

        // Each attribute counts over operations of its own set.
        Assert.All(
            answer.GetProperty("attributes").EnumerateArray(),
            attribute => Assert.InRange(attribute.GetProperty("inSlow").GetInt32(), 0, attribute.GetProperty("ofSlow").GetInt32())
        );
        Assert.All(
            answer.GetProperty("attributes").EnumerateArray(),
            attribute => Assert.InRange(attribute.GetProperty("ofSlow").GetInt32(), 1, slow)
        );
        var shown = await archive.Site.PageAsync(compare);
        Assert.Equal(
            answer.GetProperty("attributes").EnumerateArray().Take(20).Count(item => item.GetProperty("significant").GetBoolean()),
            shown.QuerySelectorAll("#shared tbody tr").Length
        );

        static int Operations(JsonElement answer, string set) =>
            answer.GetProperty("comparison").GetProperty(set).GetProperty("operations").GetInt32();
    }

    [Fact]
    public async Task Another_share_of_the_slowest_leads_to_its_comparison_with_examples()
    {
        var page = await archive.Site.PageAsync("/?range=all&service=shaky");
        var link = page.QuerySelectorAll("#slowest-tenth a").Single(item => item.TextContent == "25 %").GetAttribute("href")!;
        var redirect = await archive.Site.Client.GetAsync(new Uri(link, UriKind.Relative));
        var compare = redirect.Headers.Location!.ToString();

        var queries = archive.Queries.Where(query => query.Service == "shaky").ToList();
        var threshold = Truth.Percentile([.. queries.Select(query => query.DurationNs)], 75);
        var slow = queries.Where(query => query.DurationNs >= threshold).OrderByDescending(query => query.DurationNs).ToList();
        var answer = await archive.Site.JsonAsync("/api/v1" + link.Replace("/slowest?", "/slowest?range=all&", StringComparison.Ordinal));
        Assert.Equal(slow.Count, answer.GetProperty("comparison").GetProperty("b").GetProperty("operations").GetInt32());
        var exemplars = answer.GetProperty("exemplars").EnumerateArray().ToList();
        Assert.Equal(["typical", "slowest"], exemplars.Take(2).Select(item => item.GetProperty("kind").GetString()));
        Assert.Equal(slow[0].OperationId.ToString(), exemplars[1].GetProperty("operation").GetProperty("id").GetString());

        var shown = await archive.Site.PageAsync(compare);
        Assert.Equal(exemplars.Count, shown.QuerySelectorAll("#exemplars li a").Length);
        Assert.EndsWith(slow[0].Id.ToString(), shown.QuerySelectorAll("#exemplars li a")[1].GetAttribute("href"), StringComparison.Ordinal);

        // The parts of the phases add up to the whole, and each leads to a lookup of the slow set.
        var phases = shown.QuerySelectorAll("#flame svg[aria-label='phases'] > svg");
        Assert.NotEmpty(phases);
        Assert.InRange(phases.Sum(part => double.Parse(part.GetAttribute("width")!.TrimEnd('%'), CultureInfo.InvariantCulture)), 98, 100.5);
        Assert.All(
            shown.QuerySelectorAll("#flame svg[aria-label='phases'] a"),
            item => Assert.Contains(slow, query => item.GetAttribute("href")!.EndsWith(query.Id.ToString(), StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task A_share_that_is_not_understood_or_has_no_operation_says_so()
    {
        Assert.Contains(
            "write 1% to 50%",
            (await archive.Site.PageAsync("/slowest?share=0%25")).Texts(".note")[0],
            StringComparison.Ordinal
        );
        Assert.Contains(
            "0 operations",
            (await archive.Site.PageAsync("/slowest?to=2020-01-01")).Texts(".note")[0],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_percentile_leads_to_the_query_that_took_so_long()
    {
        var page = await archive.Site.PageAsync("/?range=all");
        var p99 = Truth.Percentile(archive.Queries.Select(query => query.DurationNs), 99);
        var link = page.QuerySelectorAll(".tiles > div").First(tile => tile.QuerySelector("dt")!.Text() == "p99").QuerySelector("a")!;
        var list = await archive.Site.PageAsync(link.GetAttribute("href")!);
        Assert.Equal(
            archive.Queries.Where(query => query.DurationNs == p99).Select(query => $"/q/{query.Id}").Order(),
            list.QuerySelectorAll("a.key").Select(key => key.GetAttribute("href")!).Order()
        );
    }

    [Theory]
    [InlineData("/?range=1h", "5 minutes", 12)]
    [InlineData("/?range=6h", "15 minutes", 25)]
    [InlineData("/?range=24h", "hour", 25)]
    [InlineData("/?range=30d", "day", 31)]
    [InlineData("/?from=2026-11-22T08:00&to=2026-11-23T08:00", "hour", 24)]
    public async Task The_axis_spans_the_range_that_was_chosen(string address, string period, int slots)
    {
        var page = await archive.Site.PageAsync(address);
        Assert.Equal($"Operations by {period} and outcome", page.QuerySelectorAll(".chart h2")[1].Text());
        var widths = page.QuerySelectorAll(".charts figure:last-of-type a rect")
            .Select(rect => Percent(rect.GetAttribute("width")!))
            .Distinct()
            .ToList();
        Assert.Equal(100.0 / slots, Assert.Single(widths), 0.001);
        var labels = page.QuerySelectorAll(".charts figure:last-of-type .x-labels > svg")
            .Select(label => Percent(label.GetAttribute("x")!))
            .ToList();
        Assert.InRange(labels.Count, 3, 8);

        // Evenly spaced: labels stand at round times, not at the data.
        Assert.All(labels.Zip(labels.Skip(1)), pair => Assert.Equal(labels[1] - labels[0], pair.Second - pair.First, 0.01));
    }

    [Fact]
    public async Task One_query_has_figures_and_no_interval()
    {
        var network = new SimulatedNetwork(seed: 5, size: 30);
        var query = new LookupSimulator(network).Run(
            LookupSimulator.NewLookup(network, QueryType.GetClosestPeers, 1) with
            {
                StartUnixNano = SimulatedQueries.Epoch,
            }
        );
        await using var site = await Site.StartAsync(query);
        var page = await site.PageAsync("/?range=all");
        Assert.All(
            page.Texts("#distributions tbody tr:first-child .interval"),
            text => Assert.StartsWith("too few, needs", text, StringComparison.Ordinal)
        );
        CheckDistribution(page, "Duration", [query.DurationNs], isTime: true);

        // The present is later than these queries: the page says that it shows everything instead.
        Assert.Contains("whole archive", (await site.PageAsync("/")).QuerySelector(".note")!.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_queries_it_says_so_and_without_any_import_it_leads_to_where_one_begins()
    {
        Assert.Equal(
            "No query in this stretch of time",
            (await archive.Site.PageAsync("/?from=2027-01-01")).QuerySelector(".empty h1")!.Text()
        );
        await using var site = await Site.StartAsync();
        var response = await site.Client.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Equal("/queries", response.Headers.Location?.OriginalString);
    }

    [Theory]
    [InlineData("/?range=fortnight")]
    [InlineData("/?from=yesterday")]
    [InlineData("/?type=nonsense")]
    public async Task What_is_not_understood_is_said_and_nothing_is_counted(string address)
    {
        var page = await archive.Site.PageAsync(address);
        Assert.Single(page.QuerySelectorAll("[role=alert]"));
        Assert.Empty(page.QuerySelectorAll(".tiles"));
        if (address.Contains("from=", StringComparison.Ordinal))
        {
            Assert.Equal("yesterday", page.QuerySelector("input[name=from]")!.GetAttribute("value"));
        }
    }

    private static void CheckDistribution(IHtmlDocument page, string name, IEnumerable<long?> values, bool isTime)
    {
        var all = values.ToList();
        var known = all.OfType<long>().ToList();
        var row = page.QuerySelectorAll("#distributions tbody tr").First(row => row.QuerySelector("th")!.Text() == name);
        var cells = row.QuerySelectorAll("td").ToList();
        Shown.Count(known.Count, cells[7].Text());
        Value(known.Count == 0 ? null : known.Min(), cells[5].Text());
        Value(known.Count == 0 ? null : known.Max(), cells[6].Text());
        if (isTime)
        {
            Shown.Duration(known.Count == 0 ? null : (long)Math.Round(known.Average()), cells[4].Text());
        }
        else
        {
            Shown.Number(known.Count == 0 ? null : known.Average(), cells[4].Text());
        }

        foreach (var ((percent, needed), cell) in Truth.Needed.Zip(cells))
        {
            if (known.Count == 0)
            {
                Value(null, cell.Text());
                continue;
            }

            Value(Truth.Percentile(all, percent), cell.QuerySelector(".value")!.Text());
            var interval = cell.QuerySelector(".interval")!.Text();
            if (known.Count < needed)
            {
                Assert.Equal($"too few, needs {needed}", interval);
            }
            else
            {
                var ends = interval.Split(" – ");
                Assert.True(
                    Truth.Intervals(all, percent).Any(pair => Shows(pair.Low, ends[0]) && Shows(pair.High, ends[1])),
                    $"{name} p{percent} shows {interval}"
                );
            }
        }

        bool Shows(long value, string text) =>
            isTime ? Shown.IsDuration(value, text) : text == value.ToString("N0", CultureInfo.InvariantCulture);

        void Value(long? value, string text)
        {
            if (isTime)
            {
                Shown.Duration(value, text);
            }
            else
            {
                Shown.Count(value, text);
            }
        }
    }

    private static void CheckCounts(IHtmlDocument page, string section, IEnumerable<string> names, Func<string, string> shown) =>
        Assert.Equal(
            names
                .CountBy(name => name)
                .OrderByDescending(item => item.Value)
                .ThenBy(item => item.Key, StringComparer.Ordinal)
                .Take(10)
                .Select(item => (shown(item.Key), item.Value)),
            page.QuerySelectorAll($"{section} tbody tr")
                .Select(row =>
                    (
                        row.QuerySelector("th")!.Text(),
                        int.Parse(row.QuerySelector("td.num")!.Text(), NumberStyles.AllowThousands, CultureInfo.InvariantCulture)
                    )
                )
        );

    private static double Percent(string text) => double.Parse(text.TrimEnd('%'), CultureInfo.InvariantCulture);

    private List<Query> Between(int fromMinute, int toMinute) =>
        [
            .. archive.Queries.Where(query =>
                (query.StartUnixNano - SimulatedQueries.Epoch) / 60e9 is var minutes && minutes >= fromMinute && minutes < toMinute
            ),
        ];
}
