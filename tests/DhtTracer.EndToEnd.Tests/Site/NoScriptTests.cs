namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>The site in a browser that runs no script: the same content, no control that would do nothing, and forms that work.</summary>
public sealed class NoScriptTests(Browser browser, SharedSite shared)
{
    private static readonly View Without = new() { Script = false };

    /// <summary>Lines of the main part, without the controls that only a script can serve.</summary>
    private const string Content = """
        () => {
          const main = document.querySelector("main").cloneNode(true);
          const live = "[data-live-state], button[type=button], [data-live-new], [data-chosen], script, noscript, output";
          for (const e of main.querySelectorAll(live)) e.remove();
          return main.textContent.replace(/\s+/g, " ").trim();
        }
        """;

    private const string Dead = """
        () => [...document.querySelectorAll("button, input[type=button], [role=button], a:not([href])")]
          .filter(e => e.checkVisibility({ visibilityProperty: true }))
          .filter(e => !(e.tagName === "BUTTON" && e.type === "submit" && e.form && e.form.method !== "dialog"))
          .map(e => e.outerHTML.slice(0, 200))
        """;

    public static TheoryData<string> States =>
        [.. SiteStates.Names.Select(static row => row.Data).Where(static name => !SiteStates.NeedsScript(name))];

    [Theory]
    [MemberData(nameof(States))]
    public async Task Shows_the_same_and_no_dead_control(string state)
    {
        var archive = await shared.OpenAsync();
        var place = SiteStates.Of(state, archive);
        var (with, without) = await ReadBothAsync(archive.Site, place);

        // "The last 24 hours" move with the clock: a query may leave them between the two visits, but not each time.
        for (var again = 0; with != without && again < 2; again++)
        {
            (with, without) = await ReadBothAsync(archive.Site, place);
        }

        Assert.Equal(with, without);
    }

    [Fact]
    public async Task The_samples_are_opened_in_an_empty_installation()
    {
        await using var tracer = await TracerProcess.StartAsync();
        await browser.VisitAsync(
            tracer.Site,
            async page =>
            {
                await page.GoAsync("/queries");
                await page["main form button.large"].ClickAsync();
                await page["table.queries"].WaitForAsync();
                Assert.Contains("sample queries were loaded", await page[".note"].InnerTextAsync(), StringComparison.Ordinal);
                Assert.InRange(await page["table.queries a.key"].CountAsync(), 10, 50);
            },
            Without
        );
    }

    [Fact]
    public async Task Filters_of_the_overview_the_list_and_the_peers_are_sent()
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync("/");
                await page["main select[name=type]"].SelectOptionAsync("find-peer");
                await page["main select[name=service]"].SelectOptionAsync("simulated");
                await page.FollowAsync(page[".inline-filters button"]);
                await page.FollowAsync(page[".tiles a"].First);
                Assert.Contains("type=find-peer", page.Address, StringComparison.Ordinal);
                Assert.All(await page.TextsAsync("table.queries td.c-type"), type => Assert.Equal("find-peer", type));

                if (!await page["main input[name=min]"].IsVisibleAsync())
                {
                    await page[".more summary"].ClickAsync();
                }

                await page["main input[name=min]"].FillAsync("1s");
                await page.FollowAsync(page["form.filters button"]);
                var slow = archive.Days.Queries.Count(query => query.Type == QueryType.FindPeer && query.DurationNs >= 1_000_000_000);
                Assert.Equal(Math.Min(50, slow), await page["table.queries a.key"].CountAsync());
                await page.FollowAsync(page[".chips a.chip"].First);

                await page.GoAsync("/peers");
                var peer = archive.Slowest.Peers[3].Id;
                await page["main input[type=search]"].First.FillAsync(peer);
                await page["main input[type=search]"].First.PressAsync("Enter");
                await page.Page.WaitForURLAsync(url => url.Contains(peer, StringComparison.Ordinal));
                Assert.Contains(peer, await page["main"].InnerHTMLAsync(), StringComparison.Ordinal);
            },
            Without
        );
    }

    [Fact]
    public async Task What_if_and_the_exports_work()
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync($"/q/{archive.Slowest.Id}?tab=why");
                await page[".what-if input[name=alpha]"].FillAsync("1");
                await page.FollowAsync(page[".what-if button"]);
                Assert.Contains("alpha=1", page.Address, StringComparison.Ordinal);
                Assert.Equal("1", await page[".what-if input[name=alpha]"].InputValueAsync());

                await page["details.menu summary"].ClickAsync();
                foreach (var link in await page.LinksAsync("details.menu a[download]"))
                {
                    var answer = await page.Page.APIRequest.GetAsync(archive.Site + link);
                    Assert.True(answer.Ok, $"{link}: {answer.Status}");
                    Assert.True((await answer.BodyAsync()).Length > 200, link);
                }
            },
            Without
        );
    }

    private async Task<(string With, string Without)> ReadBothAsync(string site, SiteState place)
    {
        var (with, without) = ("", "");
        await browser.ReadAsync(
            site,
            async page =>
            {
                await place.OpenAsync(page);
                with = await page.Page.EvaluateAsync<string>(Content);
            }
        );
        await browser.ReadAsync(
            site,
            async page =>
            {
                await place.OpenAsync(page);
                without = await page.Page.EvaluateAsync<string>(Content);
                var dead = await page.Page.EvaluateAsync<string[]>(Dead);
                Assert.True(dead.Length == 0, string.Join('\n', dead));
            },
            Without
        );
        return (with, without);
    }
}
