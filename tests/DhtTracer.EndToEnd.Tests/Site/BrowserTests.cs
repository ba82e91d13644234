using System.Globalization;
using DhtTracer.TestSupport;
using Microsoft.Playwright;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>The way of a user through the site in a real browser: the list, a search by key, a query, its sorts and filters, its permalink.</summary>
public sealed class BrowserTests
{
    private const string Cid = "bafkreicqf4satbycufm36q4azxmjgxvvcrtxmblayvbpb47jbkghouenlq";

    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task List_search_query_sort_filter_and_permalink(bool withScript)
    {
        var chromium = Needs.Chromium;
        Assert.SkipWhen(chromium is null, Needs.Why("chromium"));
        await using var tracer = await TracerProcess.StartAsync();
        var import = await TracerProcess.RunAsync(["import", .. Directory.GetFiles(TestFiles.Data("js-libp2p"), "*.json"), "--data", tracer.Data]);
        Assert.Equal(0, import.ExitCode);

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = chromium, Args = Arguments });
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions { JavaScriptEnabled = withScript });
        var page = await context.NewPageAsync();
        var problems = new List<string>();
        page.Console += (_, message) => Keep(problems, message.Type == "error" ? message.Text : null);
        page.PageError += (_, error) => Keep(problems, error);

        await page.GotoAsync(tracer.Site + "/queries");
        var rows = page.Locator("main a[href^='/q/']");
        Assert.InRange(await rows.CountAsync(), 15, 1000);

        // The same key as a CID and as its multihash in hex finds the two captures that tell it.
        await page.Locator("main input[name='key']").FillAsync(Cid);
        await page.Locator("main input[name='key']").PressAsync("Enter");
        await page.WaitForURLAsync(url => url.Contains("key=", StringComparison.Ordinal));
        var found = await DistinctAsync(rows);
        Assert.Equal(2, found.Count);

        await page.GotoAsync(tracer.Site + found[0]);
        var peers = page.Locator("table.wf tbody.rows tr");
        var all = await peers.CountAsync();
        Assert.Equal(24, all);

        await page.Locator("table.wf thead a[href*='sort=xor']").ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("sort=xor", StringComparison.Ordinal));
        var distances = (await page.Locator("table.wf tbody.rows tr td:nth-child(3)").AllInnerTextsAsync()).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToList();
        Assert.True(distances.SequenceEqual(distances.Order()) || distances.SequenceEqual(distances.OrderDescending()), string.Join(' ', distances));

        await page.Locator("main a[href*='show=unqueried']").First.ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("show=unqueried", StringComparison.Ordinal));
        var unqueried = await peers.AllInnerTextsAsync();
        Assert.Equal(4, unqueried.Count);

        await page.ReloadAsync();
        Assert.Equal(unqueried, await peers.AllInnerTextsAsync());
        Assert.Empty(problems);
    }

    private static void Keep(List<string> problems, string? problem)
    {
        if (problem is not null)
        {
            lock (problems)
            {
                problems.Add(problem);
            }
        }
    }

    private static async Task<List<string>> DistinctAsync(ILocator links) =>
        [.. (await links.EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))")).Distinct(StringComparer.Ordinal)];
}
