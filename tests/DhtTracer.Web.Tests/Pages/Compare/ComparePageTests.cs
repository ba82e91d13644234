using System.Globalization;
using System.Net;
using System.Text.Json;
using AngleSharp.Html.Dom;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Compare;

public sealed class ComparePageTests(KnownArchive archive)
{
    private const string ByService = "a.service=steady&b.service=shaky";

    [Theory]
    [InlineData(ByService)]
    [InlineData("a.service=shaky&b.service=steady")]
    [InlineData("a.from=2026-11-22T09:00&a.to=2026-11-22T10:00&b.from=2026-11-22T10:00&b.to=2026-11-22T11:00")]
    public async Task Shows_what_the_API_answers(string parameters)
    {
        // The API's numbers are held against the simulated queries by CompareApiTests.
        var answer = await archive.Site.JsonAsync("/api/v1/compare?" + parameters);
        var comparison = answer.GetProperty("comparison");
        var page = await archive.Site.PageAsync("/compare?" + parameters);
        var rows = page.QuerySelectorAll("#figures tbody tr").ToList();
        var figures = comparison.GetProperty("figures").EnumerateArray().ToList();
        Assert.Equal(figures.Count, rows.Count);
        foreach (var (row, figure) in rows.Zip(figures))
        {
            var unit = figure.GetProperty("figure").GetProperty("unit").GetString()!;
            var cells = row.Texts("td");
            Assert.Equal(figure.GetProperty("figure").GetProperty("label").GetString(), row.QuerySelector("th")!.Text());
            Value(unit, Number(figure.GetProperty("a")), cells[0]);
            Value(unit, Number(figure.GetProperty("b")), cells[1]);
            Difference(unit, Number(figure.GetProperty("difference")), cells[2]);
            if (figure.GetProperty("interval") is { ValueKind: JsonValueKind.Object } interval)
            {
                Difference(unit, Number(interval.GetProperty("low")), cells[3].Split(" to ")[0]);
                Difference(unit, Number(interval.GetProperty("high")), cells[3].Split(" to ")[1]);
            }
            else
            {
                Assert.Equal("", cells[3]);
            }

            Assert.Equal(figure.GetProperty("verdict").GetProperty("text").GetString(), cells[4]);
        }

        CheckRanking(page, "#errors", comparison.GetProperty("errorClasses"), name => name.Replace('-', ' '));
        CheckRanking(page, "#peers", answer.GetProperty("peers"), name => name);
        foreach (
            var cell in page.QuerySelectorAll("#errors tbody tr:first-child td, #peers tbody tr:first-child td")
                .Where(cell => cell.QuerySelector("a") is not null)
        )
        {
            var list = await archive.Site.PageAsync(cell.QuerySelector("a")!.GetAttribute("href")!);
            Shown.Count(
                list.QuerySelectorAll("a.key").Length,
                int.Parse(cell.Text(), NumberStyles.AllowThousands, CultureInfo.InvariantCulture) > 50 ? "50" : cell.Text()
            );
        }

        var slow = comparison.GetProperty("slowIsB").GetBoolean() ? "B" : "A";
        Assert.Contains($"over-represented in {slow}", page.QuerySelector("#peers h2")!.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_in_a_sentence_what_the_verdicts_say()
    {
        var page = await archive.Site.PageAsync("/compare?" + ByService);
        var verdicts = page.Texts("#figures tbody tr").Where(row => row.EndsWith("95 % sure", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(verdicts);
        var sentence = page.QuerySelector(".verdict")!.Text();
        Assert.StartsWith("Against A, B is ", sentence, StringComparison.Ordinal);

        // Lookups through dead peers are slower; the sentence names each figure that the table calls different.
        foreach (
            var row in page.QuerySelectorAll("#figures tbody tr")
                .Where(row => row.QuerySelector("td:last-child")!.Text().EndsWith("95 % sure", StringComparison.Ordinal))
        )
        {
            Assert.Contains(
                row.QuerySelector("th")!.Text()[1..].Replace(", mean", "", StringComparison.Ordinal),
                sentence,
                StringComparison.Ordinal
            );
        }

        Assert.Contains("slower in duration p90", sentence, StringComparison.Ordinal);
        Assert.Contains(
            "faster in duration p90",
            (await archive.Site.PageAsync("/compare?a.service=shaky&b.service=steady")).QuerySelector(".verdict")!.Text(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Sets_without_a_difference_and_sets_too_small_are_said_to_be_so()
    {
        var same = await archive.Site.PageAsync("/compare?" + "a.service=steady&a.alpha=3&b.service=steady&b.alpha=3");
        Assert.StartsWith("No difference to be seen.", same.QuerySelector(".verdict")!.Text(), StringComparison.Ordinal);
        var tooFew = same.QuerySelectorAll("#figures tbody tr")
            .Where(row => row.QuerySelector("td:last-child")!.Text().StartsWith("too few", StringComparison.Ordinal))
            .Select(row => row.QuerySelector("th")!.Text())
            .ToList();
        Assert.NotEmpty(tooFew);
        Assert.All(
            tooFew,
            name =>
                Assert.Contains(
                    name[1..].Replace(", mean", "", StringComparison.Ordinal),
                    same.QuerySelector(".verdict")!.Text().Split("Too few queries to say anything of ")[1],
                    StringComparison.Ordinal
                )
        );
        Assert.Contains(same.Texts(".note.warn"), text => text.Contains("in both sets", StringComparison.Ordinal));

        var few = await archive.Site.PageAsync(
            "/compare?a.from=2026-11-22T09:00&a.to=2026-11-22T09:11&b.from=2026-11-22T10:00&b.to=2026-11-22T10:11"
        );
        Assert.Equal(
            5,
            few.Texts("#figures td:last-child")
                .Count(text =>
                    text.StartsWith("too few to say", StringComparison.Ordinal) && text.Contains("needs 40", StringComparison.Ordinal)
                )
        );
        Assert.All(
            few.QuerySelectorAll("#figures tbody tr")
                .Where(row => row.QuerySelector("th")!.Text().StartsWith("Duration", StringComparison.Ordinal)),
            row => Assert.StartsWith("too few", row.QuerySelector("td:last-child")!.Text(), StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_distributions_side_by_side_are_those_of_both_overviews()
    {
        var page = await archive.Site.PageAsync("/compare?" + ByService);
        var (a, b) = (
            archive.Queries.Where(query => query.Service == "steady").ToList(),
            archive.Queries.Where(query => query.Service == "shaky").ToList()
        );
        var row = page.QuerySelectorAll("#side-by-side tbody tr").First(row => row.QuerySelector("th")!.Text() == "Duration");
        var cells = row.QuerySelectorAll("td").Select(cell => (cell.QuerySelector(".value") ?? cell).Text().Trim()).ToList();
        var intervals = row.Texts(".interval");
        Shown.Count(a.Count(query => query.DurationNs is not null), cells[0]);
        Shown.Count(b.Count(query => query.DurationNs is not null), cells[1]);
        for (var i = 0; i < 4; i++)
        {
            var percent = Truth.Needed.Keys.ElementAt(i);
            var (ofA, ofB) = (
                Truth.Percentile(a.Select(query => query.DurationNs), percent),
                Truth.Percentile(b.Select(query => query.DurationNs), percent)
            );
            Shown.Duration(ofA, cells[2 + (i * 3)]);
            Shown.Duration(ofB, cells[3 + (i * 3)]);
            Assert.All(cells.Skip(2 + (i * 3)).Take(2), text => Assert.DoesNotContain('+', text));
            Assert.Equal(ofB > ofA, cells[4 + (i * 3)].StartsWith('+'));
            Shown.Duration(ofB - ofA, cells[4 + (i * 3)].TrimStart('+'));

            // From the ends of both percentiles' own intervals.
            var needed = Truth.Needed[percent];
            if (Math.Min(a.Count(query => query.DurationNs is not null), b.Count(query => query.DurationNs is not null)) < needed)
            {
                Assert.Equal($"too few, needs {needed}", intervals[i]);
                continue;
            }

            var ends = intervals[i].Split(" to ");
            Assert.Contains(
                from x in Truth.Intervals(a.Select(query => query.DurationNs), percent)
                from y in Truth.Intervals(b.Select(query => query.DurationNs), percent)
                select (Low: y.Low - x.High, High: y.High - x.Low),
                between => IsSigned(between.Low, ends[0]) && IsSigned(between.High, ends[1])
            );
        }
    }

    private static bool IsSigned(long value, string text) =>
        Shown.IsDuration(Math.Abs(value), text.TrimStart('+', '-', '\u2212'))
        && (value == 0 || (value < 0) == (text[0] is '-' or '\u2212'));

    [Fact]
    public async Task The_curves_are_a_table_too()
    {
        var page = await archive.Site.PageAsync("/compare?" + ByService);
        var durations = archive.Queries.Where(query => query.Service == "shaky").Select(query => query.DurationNs).OfType<long>().ToList();
        foreach (var row in page.QuerySelector("#cdf + details")!.QuerySelectorAll("tbody tr"))
        {
            var limit = Limit(row.QuerySelector("th")!.Text());
            Shown.Share((double)durations.Count(duration => duration <= limit) / durations.Count, row.Texts("td")[1]);
        }

        static double Limit(string text) =>
            text.EndsWith("ms", StringComparison.Ordinal)
                ? double.Parse(text[..^2], CultureInfo.InvariantCulture) * 1e6
                : double.Parse(text[..^1], CultureInfo.InvariantCulture) * 1e9;
    }

    [Fact]
    public async Task The_heat_map_has_the_median_of_each_hour_and_leads_to_its_queries()
    {
        var page = await archive.Site.PageAsync("/compare?" + ByService);
        var hours = archive
            .Queries.Where(query => query.Service == "steady")
            .GroupBy(query => query.StartUnixNano / 3_600_000_000_000)
            .OrderBy(group => group.Key)
            .ToList();
        var cells = page.QuerySelectorAll(".heat")[0].QuerySelectorAll("td a").ToList();
        Assert.Equal(hours.Count, cells.Count);
        foreach (var (cell, hour) in cells.Zip(hours))
        {
            Shown.Duration(Truth.Percentile(hour.Select(query => query.DurationNs), 50), cell.Text());
        }

        var list = await archive.Site.PageAsync(cells[2].GetAttribute("href")!);
        Assert.Equal(
            hours[2].Select(query => $"/q/{query.Id}").Order(),
            list.QuerySelectorAll("a.key").Select(key => key.GetAttribute("href")!).Order()
        );
    }

    [Fact]
    public async Task The_permalink_has_absolute_times_and_shows_the_same()
    {
        const string Open = "/compare?a.to=2026-11-22T20:00&b.from=2026-11-22T20:00";
        var page = await archive.Site.PageAsync(Open);
        var permalink = page.QuerySelector(".page-head a[href^='/compare?'][title]")!.GetAttribute("href")!;
        Assert.Contains("b.to=", permalink, StringComparison.Ordinal);
        Assert.Equal(page.Texts("#figures td"), (await archive.Site.PageAsync(permalink)).Texts("#figures td"));
    }

    [Fact]
    public async Task Quick_comparisons_have_absolute_times_and_lead_to_queries()
    {
        var page = await archive.Site.PageAsync("/compare");
        var links = page.QuerySelectorAll(".presets a").Select(link => link.GetAttribute("href")!).ToList();
        Assert.Equal(5, links.Count);

        // The archive's present is 14:05 of the second day.
        Assert.Equal(
            "/compare?a.from=2026-11-22T13%3A00&a.to=2026-11-22T14%3A00&b.from=2026-11-23T13%3A00&b.to=2026-11-23T14%3A00",
            links[1]
        );
        var compared = await archive.Site.PageAsync(links[1]);
        var counts = compared.QuerySelectorAll("#figures tbody tr")[0].Texts("td");
        Assert.Equal(("12", "12"), (counts[0], counts[1]));
    }

    [Fact]
    public async Task What_can_be_compared_is_counted_and_can_be_chosen()
    {
        var page = await archive.Site.PageAsync("/compare");
        var facets = page.QuerySelectorAll(".facets > div").ToDictionary(facet => facet.QuerySelector("h3")!.Text());
        Check(
            "Types",
            archive.Queries.Select(query =>
                query.Type switch
                {
                    QueryType.FindPeer => "find-peer",
                    QueryType.GetProviders => "get-providers",
                    _ => "get-closest-peers",
                }
            )
        );
        Check("Services", archive.Queries.Select(query => query.Service!));
        Check("Alpha", archive.Queries.Select(query => query.Parameters.Alpha?.ToString(CultureInfo.InvariantCulture)).OfType<string>());
        Check(
            "Agent versions met",
            archive.Queries.SelectMany(query => query.Peers.Select(peer => peer.Agent).OfType<string>().Distinct())
        );
        Assert.Equal(
            archive.Queries.CountBy(query => query.Node!).OrderByDescending(item => item.Value).Select(item => item.Key),
            facets["Nodes"].QuerySelectorAll("th").Select(head => head.GetAttribute("title"))
        );

        var chosen = await archive.Site.PageAsync(
            facets["Services"].QuerySelectorAll("tbody tr")[0].QuerySelectorAll(".as a")[0].GetAttribute("href")!
        );
        var both = await archive.Site.PageAsync(
            chosen
                .QuerySelectorAll(".facets > div")
                .First(facet => facet.QuerySelector("h3")!.Text() == "Services")
                .QuerySelectorAll("tbody tr")[1]
                .QuerySelectorAll(".as a")[1]
                .GetAttribute("href")!
        );
        var sizes = archive
            .Queries.CountBy(query => query.Service!)
            .OrderByDescending(item => item.Value)
            .ThenBy(item => item.Key, StringComparer.Ordinal)
            .Select(item => item.Value.ToString(CultureInfo.InvariantCulture))
            .ToList();
        Assert.Equal(sizes, both.QuerySelectorAll("#figures tbody tr")[0].Texts("td").Take(2));

        void Check(string title, IEnumerable<string> names) =>
            Assert.Equal(
                names
                    .CountBy(name => name)
                    .OrderByDescending(item => item.Value)
                    .ThenBy(item => item.Key, StringComparer.Ordinal)
                    .Select(item => (item.Key, item.Value.ToString(CultureInfo.InvariantCulture))),
                facets[title]
                    .QuerySelectorAll("tbody tr")
                    .Select(row =>
                        (
                            row.QuerySelector("th")!.Text(),
                            row.QuerySelector("td.num a:not([hidden])")?.Text() ?? row.QuerySelector("td.num")!.LastChild!.Text()
                        )
                    )
            );
    }

    [Fact]
    public async Task Before_and_after_a_moment_becomes_absolute_times()
    {
        var response = await archive.Site.Client.GetAsync(new Uri("/compare?moment=2026-11-22T20:30&length=90m", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal(
            "/compare?a.from=2026-11-22T19%3A00&a.to=2026-11-22T20%3A30&b.from=2026-11-22T20%3A30&b.to=2026-11-22T22%3A00",
            response.Headers.Location?.OriginalString
        );

        var wrong = await archive.Site.PageAsync("/compare?moment=teatime&length=1h");
        Assert.Contains("teatime", Assert.Single(wrong.Texts("[role=alert]")), StringComparison.Ordinal);
        Assert.Equal("teatime", wrong.QuerySelector("input[name=moment]")!.GetAttribute("value"));
    }

    [Fact]
    public async Task The_form_keeps_what_was_typed_and_says_what_is_wrong_with_it()
    {
        var page = await archive.Site.PageAsync("/compare?a.from=noon&a.agent=kubo&b.node=nobody&b.type=nonsense&b.minhops=2");
        Assert.Equal(3, page.QuerySelectorAll("[role=alert]").Length);
        Assert.Equal("noon", page.QuerySelector("input[name='a.from']")!.GetAttribute("value"));
        Assert.Equal("true", page.QuerySelector("input[name='a.from']")!.GetAttribute("aria-invalid"));
        Assert.Equal("kubo", page.QuerySelector("input[name='a.agent']")!.GetAttribute("value"));
        Assert.Equal("nobody", page.QuerySelector("input[name='b.node']")!.GetAttribute("value"));
        Assert.Equal("nonsense", ((IHtmlSelectElement)page.QuerySelector("select[name='b.type']")!).Value);
        Assert.Equal("2", page.QuerySelector("input[type=hidden][name='b.minhops']")!.GetAttribute("value"));
        Assert.Empty(page.QuerySelectorAll("#figures"));
    }

    [Fact]
    public async Task Eight_single_queries_stand_side_by_side_on_one_axis()
    {
        var chosen = archive.Queries.Take(8).ToList();
        var page = await archive.Site.PageAsync("/compare?" + string.Join('&', chosen.Select(query => $"q={query.Id}")));
        var rows = page.QuerySelectorAll("tbody tr").ToList();
        Assert.Equal(8, rows.Count);
        foreach (var (row, query) in rows.Zip(chosen))
        {
            Assert.Equal($"/q/{query.Id}", row.QuerySelector("th a")!.GetAttribute("href"));
            var cells = row.Texts("td");
            Shown.Duration(query.DurationNs, cells[1]);
            Shown.Duration(query.DiscoveryNs, cells[2]);
            Shown.Duration(Truth.FirstResult(query), cells[3]);
            Shown.Count(query.Counts.Results, cells[4]);
            Shown.Count(query.Peers.Length, cells[5]);
            Shown.Count(query.Peers.Count(peer => peer.Requests.Length > 0), cells[6]);
            Shown.Count(query.Peers.Count(peer => peer.Dial is { Reused: not true }), cells[7]);
            Shown.Count(query.Peers.Count(peer => peer.Dial?.Error is { Class: not ErrorClass.Cancelled }), cells[8]);
            Shown.Count(query.Hops, cells[9]);
            Shown.Count(0, cells[10]);
            Shown.Count(query.Parameters.Alpha, cells[11]);
        }

        // One axis: widths of answered requests are in proportion to their durations, across the queries.
        var scales = page.QuerySelectorAll(".single")
            .Zip(chosen)
            .Select(pair =>
            {
                var longest = pair
                    .Second.Peers.SelectMany(peer => peer.Requests)
                    .Where(request => request.Outcome == RequestOutcome.Answered)
                    .Max(request => request.DurationNs)!
                    .Value;
                return pair.First.QuerySelectorAll("rect.rq")
                        .Select(rect => double.Parse(rect.GetAttribute("width")!.TrimEnd('%'), CultureInfo.InvariantCulture))
                        .Max() / longest;
            })
            .ToList();
        Assert.All(scales, scale => Assert.Equal(1, scale / scales[0], 0.02));
    }

    [Fact]
    public async Task Single_queries_that_are_not_here_or_too_many_are_said_to_be_so()
    {
        var nine = string.Join('&', archive.Queries.Take(9).Select(query => $"q={query.Id}"));
        var page = await archive.Site.PageAsync("/compare?" + nine);
        Assert.Equal(8, page.QuerySelectorAll(".single").Length);
        Assert.Contains("first 8", Assert.Single(page.Texts("[role=alert]")), StringComparison.Ordinal);

        var gone = await archive.Site.PageAsync("/compare?q=0123456789abcdef0123456789abcdef-0123456789abcdef&q=nonsense");
        Assert.Equal(2, gone.QuerySelectorAll("[role=alert]").Length);
    }

    private static void CheckRanking(IHtmlDocument page, string section, JsonElement ranking, Func<string, string> name)
    {
        var rows = page.QuerySelectorAll($"{section} tbody tr").ToList();
        var items = ranking.EnumerateArray().ToList();
        Assert.Equal(section == "#errors" ? items.Count : Math.Min(12, items.Count), rows.Count);
        foreach (var (row, item) in rows.Zip(items))
        {
            var cells = row.Texts("td");
            var head = row.QuerySelector("th")!;
            var expected = name(item.GetProperty("name").GetString()!);
            Assert.Equal(expected, head.QuerySelector("a")?.GetAttribute("title") ?? head.Text().TrimEnd('▲', ' '));
            Assert.Equal(item.GetProperty("significant").GetBoolean(), head.Text().EndsWith('▲'));
            Shown.Count(item.GetProperty("inSlow").GetInt64(), cells[0]);
            Shown.Count(item.GetProperty("inOther").GetInt64(), cells[1]);
            var p = item.GetProperty("adjusted").GetDouble();
            Assert.Equal(p < 0.001 ? "< 0.001" : p.ToString("0.000", CultureInfo.InvariantCulture), cells[2]);
        }
    }

    private static double? Number(JsonElement json) => json.ValueKind == JsonValueKind.Null ? null : json.GetDouble();

    private static void Value(string unit, double? value, string text)
    {
        switch (unit)
        {
            case "ns":
                Shown.Duration(value is { } time ? (long)Math.Round(time) : null, text);
                break;
            case "share":
                Shown.Share(value, text);
                break;
            default:
                Shown.Number(value, text);
                break;
        }
    }

    private static void Difference(string unit, double? value, string text)
    {
        if (value is not { } known)
        {
            Assert.Equal("", text);
            return;
        }

        Assert.Equal(known > 0 && text.Any(character => character is >= '1' and <= '9'), text.StartsWith('+'));
        Assert.NotEqual("−0", text.Split(' ')[0]);
        var number = text.TrimStart('+').Replace('−', '-');
        if (unit == "share")
        {
            Assert.EndsWith(" points", number, StringComparison.Ordinal);
            Assert.InRange(double.Parse(number[..^7], CultureInfo.InvariantCulture), (known * 100) - 0.05001, (known * 100) + 0.05001);
        }
        else
        {
            Value(unit, known, unit == "ns" ? text.TrimStart('+') : number);
        }
    }
}
