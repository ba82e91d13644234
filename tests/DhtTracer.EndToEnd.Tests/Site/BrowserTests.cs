using System.Globalization;
using DhtTracer.TestSupport;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>The way of a user through the site in a real browser: the list, a search by key, a query, its sorts and filters, its
/// permalink.</summary>
public sealed class BrowserTests(Browser browser)
{
    private const string Cid = "bafkreicqf4satbycufm36q4azxmjgxvvcrtxmblayvbpb47jbkghouenlq";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task List_search_query_sort_filter_and_permalink(bool withScript)
    {
        await using var tracer = await TracerProcess.StartAsync();
        var import = await TracerProcess.RunAsync([
            "import",
            .. Directory.GetFiles(TestFiles.Data("js-libp2p"), "*.json"),
            "--data",
            tracer.Data,
        ]);
        Assert.Equal(0, import.ExitCode);

        await browser.VisitAsync(
            tracer.Site,
            async page =>
            {
                await page.GoAsync("/queries");
                Assert.InRange(await page["main a.key"].CountAsync(), 15, 1000);

                // The same key as a CID and as its multihash in hex finds the two captures that tell it.
                await page["main input[type=search]"].FillAsync(Cid);
                await page["main input[type=search]"].PressAsync("Enter");
                await page.Page.WaitForURLAsync(url => url.Contains("q=", StringComparison.Ordinal));
                var found = await page.LinksAsync("main a.key");
                Assert.Equal(2, found.Count);

                // From the operation to its only query, with the peers that were only heard of.
                await page.GoAsync(found[0]);
                var query = (await page.LinksAsync("main a[href^='/q/']"))[0];
                await page.GoAsync(query.Split('?')[0] + "?show=all");
                var peers = page["table.wf tbody.rows tr"];
                Assert.Equal(24, await peers.CountAsync());

                await page.FollowAsync(page["table.wf thead a[href*='sort=xor']"]);
                var distances = (await page.TextsAsync("table.wf tbody.rows tr td:nth-child(3)"))
                    .Select(text => int.Parse(text, CultureInfo.InvariantCulture))
                    .ToList();
                Assert.True(
                    distances.SequenceEqual(distances.Order()) || distances.SequenceEqual(distances.OrderDescending()),
                    string.Join(' ', distances)
                );

                await page.FollowAsync(page["main a[href*='show=unqueried']"].First);
                var unqueried = await peers.AllInnerTextsAsync();
                Assert.Equal(4, unqueried.Count);

                await page.Page.ReloadAsync();
                Assert.Equal(unqueried, await peers.AllInnerTextsAsync());
            },
            new View { Script = withScript }
        );
    }
}
