using System.Globalization;
using DhtTracer.TestSupport;
using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>Pages follow what changes, and what the reader has done to them stays.</summary>
public sealed class LiveTests(Browser chromium)
{
    private static readonly string[] Peers =
    [
        "12D3KooWFkKgCFQufmSenmLh3r4xJa21r2eDPSAGAzGqVf1YZtCT",
        "QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN",
        "QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa",
    ];

    [Fact]
    public async Task The_list_shows_a_query_that_is_sent_while_it_is_open_and_leaves_the_reader_alone()
    {
        Assert.SkipWhen(Needs.Chromium is null, Needs.Why("chromium"));
        await using var tracer = await TracerProcess.StartAsync();
        for (var i = 1; i <= 40; i++)
        {
            using var spans = Spans(tracer, i);
            await spans.EndAsync();
        }

        await using var browser = new LiveBrowser(chromium);
        var page = await browser.OpenAsync(tracer.Site + "/queries");
        await Until(async () => await page.Locator("tbody tr").CountAsync() == 40);
        await Until(() => page.Locator("[data-live-state=live]").IsVisibleAsync());

        // The reader chooses a row, opens the filters, types, and scrolls.
        await page.Locator("tbody tr:nth-child(30) .pick input").CheckAsync();
        await page.Locator("details.more summary").ClickAsync();
        await page.Locator("input[name=peer]").FillAsync("half a peer i");
        await page.EvaluateAsync("scrollTo(0, 600)");
        var probe = await page.EvaluateAsync<string>("document.elementFromPoint(500, 400).closest('tr').id");
        double TopOf(string text) => double.Parse(text, CultureInfo.InvariantCulture);
        var top = TopOf(await page.EvaluateAsync<string>("id => String(document.getElementById(id).getBoundingClientRect().top)", probe));
        await page.EvaluateAsync("document.querySelector('tbody tr').marked = true");

        using (var fresh = Spans(tracer, 99))
        {
            await fresh.EndAsync();
            await Until(async () => await page.Locator("tbody tr").First.GetAttributeAsync("id") == "r-" + fresh.Id);
        }

        Assert.Equal(41, await page.Locator("tbody tr").CountAsync());
        Assert.True(await page.Locator("tbody tr:nth-child(31) .pick input").IsCheckedAsync());
        Assert.Equal("half a peer i", await page.Locator("input[name=peer]").InputValueAsync());
        Assert.True(await page.EvaluateAsync<bool>("document.activeElement === document.querySelector('input[name=peer]')"));
        Assert.True(
            await page.EvaluateAsync<bool>("document.querySelectorAll('tbody tr')[1].marked"),
            "a row that did not change was made anew"
        );
        Assert.Equal(
            top,
            TopOf(await page.EvaluateAsync<string>("id => String(document.getElementById(id).getBoundingClientRect().top)", probe)),
            1.0
        );
        browser.AssertNoProblems();
    }

    [Fact]
    public async Task A_sorted_list_stays_in_place_and_counts_what_is_new()
    {
        Assert.SkipWhen(Needs.Chromium is null, Needs.Why("chromium"));
        await using var tracer = await TracerProcess.StartAsync();
        using var first = Spans(tracer, 1);
        await first.PeerAsync(Peers[0], 1);
        await using var browser = new LiveBrowser(chromium);
        var page = await browser.OpenAsync(tracer.Site + "/queries?sort=slowest");
        await Until(async () =>
        {
            await page.ReloadAsync();
            return await page.Locator("tbody tr").CountAsync() == 1;
        });
        await Until(() => page.Locator("[data-live-state=live]").IsVisibleAsync());

        // The row that is shown completes in its place; the others are counted.
        using var second = Spans(tracer, 2);
        using var third = Spans(tracer, 3);
        await second.EndAsync();
        await third.EndAsync();
        await first.EndAsync();
        await Until(async () => await page.Locator("tbody tr .c-outcome").InnerTextAsync() == "success");
        await Until(async () => await page.Locator("[data-live-new] a").TextContentAsync() == "2 new operations");
        Assert.Equal(1, await page.Locator("tbody tr").CountAsync());
        await page.Locator("[data-live-new] a").ClickAsync();
        await Until(async () => await page.Locator("tbody tr").CountAsync() == 3);
        browser.AssertNoProblems();
    }

    [Fact]
    public async Task A_row_follows_its_query_even_when_that_has_moved_to_another_page_of_the_list()
    {
        Assert.SkipWhen(Needs.Chromium is null, Needs.Why("chromium"));
        await using var tracer = await TracerProcess.StartAsync();

        // Without its root the query's duration is not known: it is the last of the list.
        using var running = Spans(tracer, 1);
        await running.PeerAsync(Peers[0], 1);
        for (var i = 2; i <= 60; i++)
        {
            using var ended = Spans(tracer, i);
            await ended.EndAsync();
        }

        await using var browser = new LiveBrowser(chromium);
        var page = await browser.OpenAsync(tracer.Site + "/queries?sort=fastest");
        await Until(async () =>
        {
            await page.ReloadAsync();
            return await page.Locator("[rel=next]").CountAsync() == 1;
        });
        await page.Locator("[rel=next]").ClickAsync();
        var row = page.Locator($"tr[id='r-{running.Id}']");
        await Until(async () => await row.CountAsync() == 1);
        Assert.Equal("incomplete", await row.Locator(".c-outcome").InnerTextAsync());
        await Until(() => page.Locator("[data-live-state=live]").IsVisibleAsync());

        // Its end comes early: among the fastest it belongs on the first page now.
        await running.EndAsync(TimeSpan.FromMilliseconds(1));
        await Until(async () => await row.Locator(".c-outcome").InnerTextAsync() == "success");
        Assert.Equal("1ms", await row.Locator(".c-duration").InnerTextAsync());
        var first = await browser.OpenAsync(tracer.Site + "/queries?sort=fastest");
        Assert.Equal("r-" + running.Id, await first.Locator("tbody tr").First.GetAttributeAsync("id"));
        browser.AssertNoProblems();
    }

    [Fact]
    public async Task The_page_of_a_running_query_grows_until_its_root_arrives()
    {
        Assert.SkipWhen(Needs.Chromium is null, Needs.Why("chromium"));
        await using var tracer = await TracerProcess.StartAsync();
        using var spans = Spans(tracer, 7);
        await using var browser = new LiveBrowser(chromium);
        var page = await browser.OpenAsync($"{tracer.Site}/q/{spans.Id}?follow={DateTimeOffset.UtcNow.ToUnixTimeSeconds()}");
        Assert.Equal("Waiting for the first span", await page.Locator("h1").InnerTextAsync());
        await page.EvaluateAsync("document.addEventListener('dht:updated', () => { window.updates = (window.updates ?? 0) + 1; })");

        await spans.PeerAsync(Peers[0], 1);
        await Until(async () => await page.Locator("tbody.rows tr").CountAsync() == 1);
        await spans.PeerAsync(Peers[1], 2);
        await spans.PeerAsync(Peers[2], 3);
        await Until(async () => await page.Locator("tbody.rows tr").CountAsync() == 3);
        Assert.Equal("incomplete", await page.Locator(".tiles .outcome").InnerTextAsync());

        // Keys work on rows that were not there when the page was loaded, and what is open stays while the rest comes.
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("#details:not(.peek) .row-details").WaitForAsync();
        var before = await AxisEndAsync(page);
        await spans.EndAsync();
        await Until(async () => await page.Locator(".tiles .outcome").InnerTextAsync() == "success");
        Assert.Equal("p1", await page.EvaluateAsync<string>("document.activeElement.id"));
        Assert.Equal(1, await page.Locator("#details:not(.peek) .row-details").CountAsync());

        // All time was drawn and still is, though there is more of it: 2.5 s and a third for the labels.
        Assert.InRange(before, 1, 0.1e9);
        await Until(async () => await AxisEndAsync(page) > 3.3e9);
        Assert.False(await page.EvaluateAsync<bool>("document.querySelector('.wf-box').classList.contains('zoomed')"));
        await page.Keyboard.PressAsync("+");
        await page.WaitForURLAsync(url => url.Contains("t=", StringComparison.Ordinal));
        Assert.Contains("2.5s", await page.Locator(".tiles").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains(spans.Key, await page.Locator("h1").InnerTextAsync(), StringComparison.Ordinal);
        Assert.InRange(await page.EvaluateAsync<int>("window.updates"), 3, 12);
        browser.AssertNoProblems();
    }

    private static async Task<double> AxisEndAsync(IPage page) =>
        double.Parse(await page.Locator(".axis").GetAttributeAsync("data-to") ?? "", CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_page_recovers_when_the_server_was_killed_and_started_again()
    {
        Assert.SkipWhen(Needs.Chromium is null, Needs.Why("chromium"));
        var folder = TracerProcess.NewFolder();
        try
        {
            await using var browser = new LiveBrowser(chromium);
            IPage page;
            int port;
            await using (var tracer = await TracerProcess.StartAsync(folder))
            {
                port = new Uri(tracer.Site).Port;
                page = await browser.OpenAsync(tracer.Site + "/queries");
                await Until(() => page.Locator("[data-live-state=live]").IsVisibleAsync());
                await tracer.KillAsync();
                await Until(() => page.Locator("[data-live-state=broken]").IsVisibleAsync());
            }

            await using var again = await TracerProcess.StartAsync(folder, "--site-port", port.ToString(CultureInfo.InvariantCulture));
            await Until(() => page.Locator("[data-live-state=live]").IsVisibleAsync());
            using var spans = Spans(again, 5);
            await spans.EndAsync();
            await Until(async () => await page.Locator($"tr[id='r-{spans.Id}']").CountAsync() == 1);
            browser.AssertNoProblems("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_paused_page_stays_as_it_is_and_catches_up_when_resumed()
    {
        Assert.SkipWhen(Needs.Chromium is null, Needs.Why("chromium"));
        await using var tracer = await TracerProcess.StartAsync();
        using var first = Spans(tracer, 1);
        await first.EndAsync();
        await using var browser = new LiveBrowser(chromium);
        var page = await browser.OpenAsync(tracer.Site + "/queries");
        await Until(async () => await page.Locator("tbody tr").CountAsync() == 1);
        await page.Locator("[data-live-pause]").ClickAsync();
        using var second = Spans(tracer, 2);
        await second.EndAsync();
        using var http = new HttpClient();
        await Until(async () =>
            (await http.GetStringAsync(new Uri(tracer.Site + "/queries"))).Contains("r-" + second.Id, StringComparison.Ordinal)
        );
        await page.WaitForTimeoutAsync(1000);
        Assert.Equal(1, await page.Locator("tbody tr").CountAsync());
        await page.Locator("[data-live-pause]").ClickAsync();
        await Until(async () => await page.Locator("tbody tr").CountAsync() == 2);
        browser.AssertNoProblems();
    }

    [Fact]
    public async Task A_choice_for_comparison_outlives_filters_and_pages()
    {
        Assert.SkipWhen(Needs.Chromium is null, Needs.Why("chromium"));
        await using var tracer = await TracerProcess.StartAsync();
        var ids = new List<string>();
        for (var i = 1; i <= 9; i++)
        {
            using var spans = Spans(tracer, i);
            await spans.EndAsync();
            ids.Add(spans.Id);
        }

        await using var browser = new LiveBrowser(chromium);
        var page = await browser.OpenAsync(tracer.Site + "/queries");
        await Until(async () => await page.Locator("tbody tr").CountAsync() == 9);
        await page.Locator("[data-choose-all]").CheckAsync();
        Assert.Equal("9 chosen; at most 8 can be compared", await page.Locator("[data-chosen]").InnerTextAsync());
        Assert.True(await page.Locator("#compare > button").First.IsDisabledAsync());
        await page.Locator("[data-choose-none]").ClickAsync();
        await page.Locator($"tr[id='r-{ids[2]}'] .pick input").CheckAsync();

        await page.GotoAsync($"{tracer.Site}/queries?key=/v/live-5");
        await Until(async () => await page.Locator("tbody tr").CountAsync() == 1);
        Assert.Equal("1 chosen, 1 of them not on this page", await page.Locator("[data-chosen]").InnerTextAsync());
        await page.Locator("tbody .pick input").CheckAsync();
        await page.Locator("#compare > button").First.ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("/compare?", StringComparison.Ordinal));
        Assert.Equal(
            new[] { ids[2], ids[4] }.Order(StringComparer.Ordinal),
            new Uri(page.Url).Query.TrimStart('?').Split('&').Select(part => part["q=".Length..]).Order(StringComparer.Ordinal)
        );
        browser.AssertNoProblems();
    }

    private static LiveSpans Spans(TracerProcess tracer, int number) => new(new HttpClient(), tracer.Url("OTLP over HTTP"), number);

    private static async Task Until(Func<Task<bool>> condition)
    {
        for (var waited = 0; !await condition(); waited++)
        {
            Assert.True(waited < 600, "it did not become so within 60 seconds");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}
