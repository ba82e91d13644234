using System.Globalization;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>What a reader does on the page of a query: keys, details, chain, search, zoom, and the permalink of each state.</summary>
public sealed class QueryPageTests(Browser browser, SharedSite shared)
{
    private const string Rows = "tbody.rows tr:not([hidden])";

    [Fact]
    public Task Keys_move_the_current_row_and_the_address_names_it() =>
        VisitAsync(
            async (page, query) =>
            {
                var rows = await page.Page.Locator(Rows).EvaluateAllAsync<string[]>("rows => rows.map(row => row.id)");
                await page.Page.Keyboard.PressAsync("j");
                Assert.Equal(rows[0], await FocusedAsync(page));
                await page.Page.Keyboard.PressAsync("j");
                await page.Page.Keyboard.PressAsync("ArrowDown");
                Assert.Equal(rows[2], await FocusedAsync(page));
                await page.Page.Keyboard.PressAsync("k");
                Assert.Equal(rows[1], await FocusedAsync(page));
                await page.Page.Keyboard.PressAsync("End");
                Assert.Equal(rows[^1], await FocusedAsync(page));
                Assert.True(await page[$"#{rows[^1]}"].IsVisibleAsync());
                await page.UntilAddressAsync(url => url.EndsWith("#" + rows[^1], StringComparison.Ordinal));

                // The link opens at that row, and Home leads back from there.
                await page.Page.ReloadAsync();
                await page.Page.WaitForFunctionAsync("id => document.activeElement.id === id", rows[^1]);
                await page.Page.Keyboard.PressAsync("Home");
                Assert.Equal(rows[0], await FocusedAsync(page));
                Assert.Equal(1, await page["tbody.rows tr[tabindex='0']"].CountAsync());
            }
        );

    [Fact]
    public Task Enter_docks_the_details_until_Escape_and_their_address_shows_them_again() =>
        VisitAsync(
            async (page, query) =>
            {
                await page.Page.Keyboard.PressAsync("j");
                var id = await FocusedAsync(page);
                await page.Page.Keyboard.PressAsync("Enter");
                await page["#details:not(.peek) .row-details"].WaitForAsync();
                Assert.Equal((await PeerAtAsync(page, query, id)).Id, await page["#details h2"].InnerTextAsync());
                await page.UntilAddressAsync(url => url.Contains("row=" + id, StringComparison.Ordinal));

                // They follow the current row.
                await page.Page.Keyboard.PressAsync("j");
                var next = await PeerAtAsync(page, query, await FocusedAsync(page));
                await page["#details h2"].GetByText(next.Id).WaitForAsync();
                await page.UntilAddressAsync(url => !url.Contains("row=" + id + "#", StringComparison.Ordinal));

                await page.Page.ReloadAsync();
                Assert.Equal(next.Id, await page["#details h2"].InnerTextAsync());
                await page.Page.Keyboard.PressAsync("Escape");
                await page["#details .row-details"].WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
                await page.UntilAddressAsync(url => !url.Contains("row=", StringComparison.Ordinal));
            }
        );

    [Fact]
    public Task Details_show_on_hover_and_a_click_docks_them() =>
        VisitAsync(
            async (page, query) =>
            {
                var row = page[Rows].Nth(2);
                var peer = await PeerAtAsync(page, query, await row.GetAttributeAsync("id") ?? "");
                await row.Locator("td.ag, td.o").First.HoverAsync();
                await page["#details.peek .row-details"].WaitForAsync();
                Assert.Equal(peer.Id, await page["#details h2"].InnerTextAsync());
                if (peer.HeardNs is { } heard)
                {
                    Assert.StartsWith(
                        heard.ToString("N0", CultureInfo.InvariantCulture) + " ns after the start",
                        await page["#details .phases tbody td"].First.GetAttributeAsync("title"),
                        StringComparison.Ordinal
                    );
                }

                await row.Locator("td.o").ClickAsync();
                await page["#details:not(.peek) .row-details"].WaitForAsync();
                await page["#details .close"].ClickAsync();
                Assert.Equal(0, await page["#details .row-details"].CountAsync());
            }
        );

    [Fact]
    public Task Hovering_a_row_lights_the_chain_back_to_its_seed() =>
        VisitAsync(
            async (page, query) =>
            {
                var deep = query.Peers.First(peer => peer.Hops >= 2 && peer.Order is not null);
                var chain = new HashSet<string>(StringComparer.Ordinal);
                for (var at = deep; at is not null; at = query.Peers.FirstOrDefault(peer => peer.Id == at.Referrer))
                {
                    chain.Add(at.Id);
                }

                var name = page[$"tbody.rows tr:has(a[title='{deep.Id}'])"].First;
                await name.ScrollIntoViewIfNeededAsync();
                await name.Locator("td.o").HoverAsync();
                await page[".wf.chain tr.in"].First.WaitForAsync();
                var lit = await page["tr.in th.p a"].EvaluateAllAsync<string[]>("links => links.map(link => link.title)");
                Assert.Equal(chain.Order(StringComparer.Ordinal), lit.Order(StringComparer.Ordinal));
                var dimmed = page["tbody.rows tr:not(.in)"].First;
                Assert.NotEqual("1", await dimmed.EvaluateAsync<string>("row => getComputedStyle(row).opacity"));
            }
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Search_among_rows_says_how_many_and_has_an_address(bool script)
    {
        await VisitAsync(
            async (page, query) =>
            {
                var agent = query.Peers.Select(peer => peer.Agent).First(text => text is not null)!;
                var expected = query.Peers.Where(peer => peer.Agent == agent).Select(peer => peer.Id).ToHashSet(StringComparer.Ordinal);
                var field = page[".find-rows input[name=find]"];
                if (script)
                {
                    await page.Page.Keyboard.PressAsync("/");
                    await page.Page.Keyboard.TypeAsync(agent.ToUpperInvariant());
                }
                else
                {
                    await field.FillAsync(agent.ToUpperInvariant());
                    await field.PressAsync("Enter");
                }

                await page.UntilAddressAsync(url => url.Contains("find=", StringComparison.Ordinal));
                await page[".find-rows output"].GetByText($"{expected.Count} of {query.Peers.Length} peers").WaitForAsync();
                Assert.Equal(expected.Order(StringComparer.Ordinal), await TitlesAsync(page));

                // Its address shows the same, and a filter keeps it.
                await page.Page.ReloadAsync();
                Assert.Equal(expected.Order(StringComparer.Ordinal), await TitlesAsync(page));
                await page.FollowAsync(page[".segments a[href*='show=completed']"]);
                var completed = query.Peers.Where(peer => peer.Agent == agent && peer.State == PeerState.Answered).Select(peer => peer.Id);
                Assert.Equal(completed.Order(StringComparer.Ordinal), await TitlesAsync(page));
                if (script)
                {
                    await field.FillAsync("");
                    await page[".find-rows output"]
                        .GetByText("of")
                        .WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Hidden });
                    Assert.Equal(query.Peers.Count(peer => peer.State == PeerState.Answered), await page[Rows].CountAsync());
                }
            },
            new View { Script = script }
        );
    }

    [Fact]
    public Task Zoom_by_keys_and_by_a_drag_on_the_axis_has_an_address_that_draws_the_same() =>
        VisitAsync(
            async (page, _) =>
            {
                var whole = double.Parse(await page[".wf-box"].GetAttributeAsync("data-whole") ?? "", CultureInfo.InvariantCulture);
                await page.Page.Keyboard.PressAsync("+");
                await page.UntilAddressAsync(url => url.Contains("t=", StringComparison.Ordinal));
                await StretchAsync(page, whole * 0.25, whole * 0.75, whole);
                await page.Page.Keyboard.PressAsync("Shift+ArrowRight");
                await StretchAsync(page, whole * 0.5, whole, whole);

                // The same bar stands at the same pixel when the server draws that stretch.
                await page[".axis[data-from]:not([data-from='0'])"].WaitForAsync();
                var before = await BarsAsync(page);
                await page.Page.ReloadAsync();
                var after = await BarsAsync(page);
                Assert.Equal(before.Length, after.Length);
                Assert.All(before.Zip(after), pair => Assert.Equal(pair.First, pair.Second, 1.5));

                await page.Page.Keyboard.PressAsync("0");
                await page.UntilAddressAsync(url => !url.Contains("t=", StringComparison.Ordinal));
                var axis = await page["thead .t"].BoundingBoxAsync() ?? throw new InvalidOperationException("no axis");
                await page.Page.Mouse.MoveAsync(axis.X + (axis.Width * 0.2f), axis.Y + 20);
                await page.Page.Mouse.DownAsync();
                await page.Page.Mouse.MoveAsync(axis.X + (axis.Width * 0.3f), axis.Y + 20);
                await page.Page.Mouse.MoveAsync(axis.X + (axis.Width * 0.4f), axis.Y + 20);
                await page.Page.Mouse.UpAsync();
                await StretchAsync(page, whole * 0.2, whole * 0.4, whole);
            }
        );

    [Fact]
    public async Task All_time_again_leaves_nothing_in_the_address_however_long_the_query_took()
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                foreach (var query in archive.Queries.DistinctBy(query => query.DurationNs).Take(6))
                {
                    await page.GoAsync($"/q/{query.Id}");
                    await page.Page.Keyboard.PressAsync("+");
                    await page.UntilAddressAsync(url => url.Contains("t=", StringComparison.Ordinal));
                    await page.Page.Keyboard.PressAsync("0");
                    await page.UntilAddressAsync(url => !url.Contains("t=", StringComparison.Ordinal));
                }
            }
        );
    }

    [Fact]
    public Task Zoom_works_without_a_script() =>
        VisitAsync(
            async (page, _) =>
            {
                var whole = double.Parse(await page[".wf-box"].GetAttributeAsync("data-whole") ?? "", CultureInfo.InvariantCulture);
                await page.FollowAsync(page["[data-zoom=in]"]);
                AssertStretch(page.Address, whole * 0.25, whole * 0.75, whole);
                await page.FollowAsync(page["[data-zoom=left]"]);
                AssertStretch(page.Address, 0, whole * 0.5, whole);
                await page.FollowAsync(page["[data-zoom=fit]"]);
                Assert.DoesNotContain("t=", page.Address, StringComparison.Ordinal);
            },
            new View { Script = false }
        );

    [Fact]
    public Task The_details_of_a_row_are_reachable_without_a_script() =>
        VisitAsync(
            async (page, query) =>
            {
                var link = page[Rows + " th a"].First;
                var id = await link.GetAttributeAsync("title");
                await page.FollowAsync(link);
                Assert.Equal(id, await page["#details h2"].InnerTextAsync());
                await page.FollowAsync(page["#details .close"]);
                Assert.Equal(0, await page["#details .row-details"].CountAsync());
            },
            new View { Script = false }
        );

    [Fact]
    public async Task The_list_of_keys_opens_on_every_page_and_turns_single_keys_off()
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync("/queries");
                await page.Page.Keyboard.PressAsync("?");
                Assert.True(await page["#keys"].IsVisibleAsync());
                await page["#keys input[name=single]"].UncheckAsync();
                await page.Page.Keyboard.PressAsync("Escape");
                Assert.False(await page["#keys"].IsVisibleAsync());
                await page.Page.Keyboard.PressAsync("?");
                Assert.False(await page["#keys"].IsVisibleAsync());
            }
        );
    }

    [Fact]
    public Task The_waterfall_is_saved_as_a_picture() =>
        VisitAsync(
            async (page, query) =>
            {
                await page[".tab-line summary"].ClickAsync();
                var download = await page.Page.RunAndWaitForDownloadAsync(() => page["[data-png]"].ClickAsync());
                Assert.Equal($"query-{query.Id.TraceId.ToString()[..12]}.png", download.SuggestedFilename);
                var bytes = await File.ReadAllBytesAsync(await download.PathAsync());
                Assert.Equal([0x89, 0x50, 0x4E, 0x47], bytes[..4]);

                // Width in the header (https://www.w3.org/TR/png-3/#11IHDR): twice the picture's own for sharp text.
                Assert.InRange((bytes[18] << 8) | bytes[19], 1300, 4000);
            }
        );

    private async Task VisitAsync(Func<SitePage, Query, Task> visit, View? view = null)
    {
        var archive = await shared.OpenAsync();
        await browser.VisitAsync(
            archive.Site,
            async page =>
            {
                await page.GoAsync($"/q/{archive.Slowest.Id}");
                await visit(page, archive.Slowest);
            },
            view
        );
    }

    private static async Task<QueryPeer> PeerAtAsync(SitePage page, Query query, string anchor)
    {
        var id = await page[$"#{anchor} th.p a"].GetAttributeAsync("title");
        return query.Peers.Single(peer => peer.Id == id);
    }

    private static Task<string> FocusedAsync(SitePage page) => page.Page.EvaluateAsync<string>("() => document.activeElement.id");

    private static async Task<IEnumerable<string>> TitlesAsync(SitePage page) =>
        (await page[Rows + " th.p a"].EvaluateAllAsync<string[]>("links => links.map(link => link.title)")).Order(StringComparer.Ordinal);

    private static Task<double[]> BarsAsync(SitePage page) =>
        page[Rows + " rect.rq"].EvaluateAllAsync<double[]>("bars => bars.slice(0, 20).map(bar => bar.getBoundingClientRect().x)");

    private static Task StretchAsync(SitePage page, double from, double to, double whole) =>
        page.Page.WaitForFunctionAsync(
            "([from, to, whole]) => { const t = new URL(location).searchParams.get('t')?.split('-').map(parseFloat); return t && "
                + "Math.abs(t[0] * 1e9 - from) < whole / 100 && Math.abs(t[1] * 1e9 - to) < whole / 100; }",
            new[] { from, to, whole }
        );

    private static void AssertStretch(string address, double from, double to, double whole)
    {
        var text = address.Split("t=")[1].Split('&')[0].Split('-');
        Assert.Equal(from, double.Parse(text[0].TrimEnd('s'), CultureInfo.InvariantCulture) * 1e9, whole / 100);
        Assert.Equal(to, double.Parse(text[1].TrimEnd('s'), CultureInfo.InvariantCulture) * 1e9, whole / 100);
    }
}
