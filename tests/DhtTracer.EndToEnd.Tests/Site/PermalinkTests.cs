using DhtTracer.TestSupport;
using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>What a reader sees is what a colleague sees who is sent the address: on every page, on another installation, after an import
/// and after the trace is gone.</summary>
public sealed class PermalinkTests(Browser browser, SharedSite shared)
{
    private static readonly string Sample = Path.Combine(TestFiles.Repository, "samples", "kubo-simulated.otlp.jsonl.gz");

    private static readonly Dictionary<string, Func<Archive, (string From, Func<SitePage, Task>[] Steps)>> Ways = new(
        StringComparer.Ordinal
    )
    {
        ["overview"] = _ =>
            (
                "/",
                [Click(".segments a:text-is('7 d'), .segments a >> nth=1"), Choose("type", "find-peer"), Click(".inline-filters button")]
            ),
        ["a failing figure of the overview"] = _ => ("/", [Click(".tiles a >> nth=1")]),
        ["list"] = _ =>
            (
                "/queries",
                [Choose("type", "get-providers"), Click("main form.filters button"), Click("th.c-duration a"), Click("a[rel=next]")]
            ),
        ["list, filtered further"] = _ =>
            (
                "/queries",
                [
                    page => page["main .more summary"].ClickAsync(),
                    Fill("min", "100ms"),
                    Choose("source", "native"),
                    Click("main form.filters button"),
                    Click("th.c-peers a"),
                ]
            ),
        ["query"] = a =>
            (
                $"/q/{a.Slowest.Id}",
                [Click(".segments a[href*='show=failed']"), Click(".sorts a[href*='sort=xor']"), Click(".sorts a[href*='dir=asc']")]
            ),
        ["query, found and zoomed"] = a =>
            (
                $"/q/{a.Slowest.Id}",
                [page => page["input[name=find]"].FillAsync("kubo"), page => page["[data-zoom=in]"].ClickAsync(), Settled("t="), Drawn]
            ),
        ["query, details"] = a =>
            (
                $"/q/{a.Slowest.Id}",
                [
                    page => page["tbody.rows td.o >> nth=3"].ClickAsync(),
                    page => page["#details:not(.peek) .row-details"].WaitForAsync(),
                    Settled("row="),
                ]
            ),
        ["query, folded"] = a => ($"/q/{a.Slowest.Id}", [page => page["a.fold"].ClickAsync(), Settled("folded=1")]),
        ["query, what if"] = a =>
            ($"/q/{a.Slowest.Id}", [Click(".tabs a[href*='tab=why']"), Fill("alpha", "3"), Fill("dial", "1s"), Click(".what-if button")]),
        ["query, path"] = a => ($"/q/{a.Slowest.Id}", [Click(".tabs a[href*='tab=path']")]),
        ["query, spans"] = a => ($"/q/{a.Slowest.Id}", [Click(".tabs a[href*='tab=spans']")]),
        ["trace"] = a => ($"/q/{a.Slowest.Id}", [Click(".tabs a[href*='tab=spans']"), Click(".spans-note a")]),
        ["peers"] = _ => ("/peers", [Click("thead th:not([aria-sort]) a >> nth=0")]),
        ["peer"] = _ => ("/peers", [Click("main tbody a[href^='/peers/'] >> nth=0"), Click(".segments a:not([aria-current]) >> nth=0")]),
        ["comparison"] = _ => ("/compare", [Click(".presets a >> nth=1"), Choose("b.type", "find-peer"), Click("form.sets button")]),
        ["around a moment"] = a =>
            (
                "/compare",
                [
                    Fill(
                        "moment",
                        a.Days.ThisHour.AddHours(-24).ToString("yyyy-MM-dd'T'HH:mm", System.Globalization.CultureInfo.InvariantCulture)
                    ),
                    Fill("length", "2h"),
                    Click(".choices button"),
                ]
            ),
    };

    public static TheoryData<string> Names => [.. Ways.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_state_reached_by_clicks_is_the_state_of_its_address(string name)
    {
        var archive = await shared.OpenAsync();
        var (from, steps) = Ways[name](archive);
        var (address, state) = ("", "");
        await browser.ReadAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync(from);
                foreach (var step in steps)
                {
                    await step(page);
                }

                (address, state) = (page.Address, await page.StateAsync());
            }
        );
        Assert.NotEqual(from, address);

        // Another context: no cookie, no storage, no history.
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync(address);
                Assert.Equal(state, await page.StateAsync());
            }
        );
    }

    [Fact]
    public async Task A_short_link_leads_to_the_only_query_that_fits_and_offers_several()
    {
        var archive = await shared.OpenAsync();
        await browser.ReadAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync(SiteStates.Kubo["/q/".Length..][..12] is var digits ? $"/q/{digits}?tab=why" : "");
                Assert.Equal(SiteStates.Kubo + "?tab=why", page.Address);

                // The trace ids of the simulator all begin alike.
                await page.GoAsync($"/q/{archive.Slowest.Id.ToString()[..12]}");
                var offered = await page.LinksAsync("main a");
                Assert.InRange(offered.Count, 2, 50);
                var known = archive.Days.Queries.Select(query => $"/q/{query.Id}").ToHashSet(StringComparer.Ordinal);
                Assert.All(offered, link => Assert.Contains(link, known));
                await page.GoAsync("/q/ffffffffffff", 404);
            }
        );
    }

    [Fact]
    public async Task The_same_trace_has_the_same_link_on_another_installation_and_after_another_import_and_a_clear_end()
    {
        var archive = await shared.OpenAsync();
        const string Link = SiteStates.Kubo + "?sort=xor&show=completed";
        var here = await StateOfAsync(archive.Site, Link);
        var data = TracerProcess.NewFolder();
        try
        {
            for (var import = 0; import < 2; import++)
            {
                var imported = await TracerProcess.RunAsync(["import", Sample, "--data", data]);
                Assert.True(imported.ExitCode == 0, imported.Error);
                await using var there = await TracerProcess.StartAsync(data);
                Assert.Equal(here, await StateOfAsync(there.Site, Link));
            }

            await using var forgetful = await TracerProcess.StartAsync(data, "--keep", "1ms");
            await browser.VisitAsync(
                forgetful.Site,
                async page =>
                {
                    await GoneAsync(forgetful.Site + Link);
                    await page.GoAsync(Link, 410);
                    Assert.Equal("This query is no longer kept", await page["h1"].InnerTextAsync());
                    Assert.Contains(
                        "older than this installation keeps traces",
                        await page["main p"].First.InnerTextAsync(),
                        StringComparison.Ordinal
                    );

                    // One that was never here is told from one that is gone.
                    await page.GoAsync($"/q/{archive.Slowest.Id}", 404);
                    Assert.Equal("This query is not here", await page["h1"].InnerTextAsync());
                }
            );
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Every_page_has_a_title_of_its_own_and_a_preview()
    {
        var archive = await shared.OpenAsync();
        var titles = new Dictionary<string, string>(StringComparer.Ordinal);
        await browser.ReadAsync(
            archive.Site,
            async page =>
            {
                foreach (
                    var address in new[]
                    {
                        "/",
                        "/queries",
                        $"/q/{archive.Slowest.Id}",
                        SiteStates.Kubo,
                        $"/traces/{archive.Slowest.Id.TraceId}",
                        "/compare",
                        archive.TwoHours,
                        "/peers",
                        $"/peers/{archive.Slowest.Peers[0].Id}",
                        "/run",
                        "/ingest",
                        "/api",
                    }
                )
                {
                    await page.GoAsync(address);
                    var title = await page.Page.TitleAsync();
                    Assert.EndsWith(" · DhtTracer", title, StringComparison.Ordinal);
                    Assert.True(titles.TryAdd(title, address), $"{address} and {titles.GetValueOrDefault(title)} are both called {title}");
                    Assert.Equal(title[..^" · DhtTracer".Length], await page["meta[property='og:title']"].GetAttributeAsync("content"));
                    Assert.Equal("DhtTracer", await page["meta[property='og:site_name']"].GetAttributeAsync("content"));
                    Assert.InRange((await page["meta[property='og:description']"].GetAttributeAsync("content") ?? "").Length, 30, 400);
                    Assert.InRange((await page["meta[name=description]"].GetAttributeAsync("content") ?? "").Length, 30, 400);
                }
            }
        );
    }

    private async Task<string> StateOfAsync(string site, string address)
    {
        var state = "";
        await browser.ReadAsync(
            site,
            async page =>
            {
                await page.GoAsync(address);
                state = await page.StateAsync();
            }
        );
        return state;
    }

    private static async Task GoneAsync(string address)
    {
        using var client = new HttpClient();
        for (var i = 0; i < 200; i++)
        {
            using var answer = await client.GetAsync(new Uri(address), TestContext.Current.CancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                return;
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"{address} was still there after 20 s");
    }

    private static Func<SitePage, Task> Click(string selector) =>
        page => page.FollowAsync(page["main"].Locator(selector.Replace("main ", "", StringComparison.Ordinal)).First);

    private static Func<SitePage, Task> Choose(string name, string value) =>
        page => page[$"main select[name='{name}']"].SelectOptionAsync(value);

    private static Func<SitePage, Task> Fill(string name, string value) => page => page[$"main input[name='{name}']"].FillAsync(value);

    /// <summary>The axis of a new stretch of time comes from the server when the movement has come to rest.</summary>
    private static Task Drawn(SitePage page) =>
        page["#status:has-text('Drawn from')"].WaitForAsync(new() { State = WaitForSelectorState.Attached });

    private static Func<SitePage, Task> Settled(string parameter) =>
        page =>
            page.Page.WaitForURLAsync(
                url => url.Contains(parameter, StringComparison.Ordinal),
                new() { WaitUntil = WaitUntilState.Commit }
            );
}
