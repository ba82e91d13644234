using System.Globalization;
using DhtTracer.Analysis.Model;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>Two hours are compared by clicking; what the page says of them is true of the simulated networks.</summary>
public sealed class CompareTests(Browser browser, SharedSite shared)
{
    [Fact]
    public async Task The_last_hour_against_the_same_hour_of_the_day_before_is_slower_because_peers_died()
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync("/");
                await page.FollowAsync(page["nav a[href='/compare']"]);
                await page.FollowAsync(page[".presets a"].GetByText("the same hour of the day before", new() { Exact = false }));
                var before = archive.Days.In(Hour(await page["input[name='a.from']"].InputValueAsync()));
                var after = archive.Days.In(Hour(await page["input[name='b.from']"].InputValueAsync()));
                Assert.Equal(SimulatedDays.Many, before.Count);
                Assert.Equal(SimulatedDays.Many, after.Count);

                var rows = await RowsAsync(page);
                Assert.Equal($"{before.Count}", rows["Operations"][0]);
                Assert.Equal($"{after.Count}", rows["Operations"][1]);
                foreach (var percent in new[] { 50, 90 })
                {
                    var row = rows[$"Duration p{percent}"];
                    AssertClose(Percentile(before, percent), row[0]);
                    AssertClose(Percentile(after, percent), row[1]);
                }

                // Half of the queries meet no dead peer, so the middle one says little; the tail is what the dead peers cost.
                Assert.Equal("slower, 95 % sure", rows["Duration p90"][4]);
                Assert.Equal("slower, 95 % sure", rows["Time to first result p50"][4]);

                var sentence = await page[".verdict"].InnerTextAsync();
                Assert.StartsWith("Against A, B is slower in", sentence, StringComparison.Ordinal);
                Assert.Contains("duration p90", sentence, StringComparison.Ordinal);

                // Dials fail in the slow hour alone: its network has dead peers, the other has none.
                Assert.DoesNotContain(
                    before.SelectMany(query => query.Peers),
                    peer => peer.Dial?.Error is { Class: not ErrorClass.Cancelled }
                );
                Assert.Contains(
                    "dial timeout ▲",
                    (await page.TextsAsync("#errors tbody tr")).Select(text =>
                        text.Split(" ▲")[0] + (text.Contains('▲', StringComparison.Ordinal) ? " ▲" : "")
                    )
                );

                await page.FollowAsync(page["a.button"].GetByText("Swap A and B"));
                Assert.Equal("faster, 95 % sure", (await RowsAsync(page))["Duration p90"][4]);
            }
        );
    }

    [Fact]
    public async Task Two_hours_of_the_same_network_show_no_difference()
    {
        var archive = await shared.OpenAsync();
        var (a, b) = (archive.Days.ThisHour.AddHours(-25), archive.Days.ThisHour.AddHours(-24));
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync("/compare");
                foreach (var (name, time) in new[] { ("a.from", a), ("a.to", b), ("b.from", b), ("b.to", b.AddHours(1)) })
                {
                    await page[$"input[name='{name}']"].FillAsync(time.ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture));
                }

                await page.FollowAsync(page["form.sets button"]);
                var rows = await RowsAsync(page);
                AssertClose(Percentile(archive.Days.In(a), 50), rows["Duration p50"][0]);
                AssertClose(Percentile(archive.Days.In(b), 50), rows["Duration p50"][1]);
                Assert.StartsWith("No difference to be seen.", await page[".verdict"].InnerTextAsync(), StringComparison.Ordinal);
                Assert.All(rows, row => Assert.DoesNotContain("sure", row.Value[4], StringComparison.Ordinal));
            }
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Queries_chosen_in_the_list_stand_on_one_time_axis(bool script)
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync("/queries?service=simulated&sort=slowest");
                var chosen = new List<string>();
                foreach (var at in new[] { 0, 3, 7 })
                {
                    var box = page["table.queries input[name=q]"].Nth(at);
                    chosen.Add(await box.InputValueAsync());
                    await box.CheckAsync();
                }

                await page.FollowAsync(page[".compare-bar > button"].First);
                Assert.Equal(chosen.Select(id => $"/q/{id}"), await page.LinksAsync(".single h2 a"));
            },
            new View { Script = script }
        );
    }

    [Fact]
    public async Task All_distributions_side_by_side_show_values_and_their_difference()
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync(archive.TwoHours);
                var (before, after) = (
                    archive.Days.In(archive.Days.ThisHour.AddHours(-25)),
                    archive.Days.In(archive.Days.ThisHour.AddHours(-1))
                );
                await page["#side-by-side summary"].ClickAsync();
                var cells = (await page["#side-by-side tbody tr:has(th:text-is('Duration')) td"].AllInnerTextsAsync())
                    .Select(text => text.Trim().Split([' ', '\n'])[0])
                    .ToList();
                Assert.Equal([$"{before.Count}", $"{after.Count}"], cells.Take(2));
                AssertClose(Percentile(before, 50), cells[2]);
                AssertClose(Percentile(after, 50), cells[3]);
                Assert.StartsWith("+", cells[4], StringComparison.Ordinal);
                AssertClose(Percentile(after, 50) - Percentile(before, 50), cells[4][1..]);
            }
        );
    }

    /// <summary>The figures by their names: A, B, difference, interval, verdict.</summary>
    private static async Task<Dictionary<string, string[]>> RowsAsync(SitePage page)
    {
        var rows = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
        foreach (var row in await page["#figures tbody tr"].AllAsync())
        {
            rows[await row.Locator("th").InnerTextAsync()] = [.. await row.Locator("td").AllInnerTextsAsync()];
        }

        return rows;
    }

    private static DateTimeOffset Hour(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>By nearest rank (https://www.itl.nist.gov/div898/handbook/prc/section2/prc262.htm names it R1).</summary>
    private static long Percentile(IReadOnlyList<Query> queries, int percent)
    {
        var durations = queries.Select(query => query.DurationNs!.Value).Order().ToList();
        return durations[(int)Math.Ceiling(percent / 100.0 * durations.Count) - 1];
    }

    /// <summary>A duration is shown rounded to its last digit.</summary>
    private static void AssertClose(long expectedNs, string text)
    {
        var (unit, factor) =
            text.EndsWith("ms", StringComparison.Ordinal) ? ("ms", 1e6)
            : text.EndsWith("µs", StringComparison.Ordinal) ? ("µs", 1e3)
            : ("s", 1e9);
        var digits = text[..^unit.Length];
        var lastDigit =
            factor
            / Math.Pow(
                10,
                digits.Contains('.', StringComparison.Ordinal) ? digits.Length - 1 - digits.IndexOf('.', StringComparison.Ordinal) : 0
            );
        var shown = double.Parse(digits, CultureInfo.InvariantCulture) * factor;
        Assert.InRange(lastDigit, 1, Math.Max(1, Math.Abs(expectedNs) * 0.1));
        Assert.True(Math.Abs(shown - expectedNs) <= lastDigit * 0.501, $"{text} instead of {expectedNs} ns");
    }
}
