using DhtTracer.Storage.Queries;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Queries;

/// <summary>The list on what a real Kubo sent: one row for each command, its sides below it.</summary>
public sealed class OperationRowsTests
{
    [Fact]
    public async Task Each_command_is_one_row_that_unfolds_into_its_sides()
    {
        await using var site = await Site.StartAsync();
        await site.ImportAsync(TestFiles.Data("kubo", "file-exporter", "traces-file-exporter.json.gz"));
        var page = await site.PageAsync("/queries?sort=oldest");
        var rows = page.QuerySelectorAll("table.queries tbody tr").ToList();
        Assert.Equal(["find-peer", "get-providers", "get-value", "add-provider"], rows.Select(row => row.QuerySelector(".c-type")!.Text()));
        Assert.StartsWith("4 operations", page.QuerySelector(".page-head p")!.Text(), StringComparison.Ordinal);
        Assert.Equal("/api/v0/routing/findpeer", rows[0].QuerySelector(".c-source .muted")!.Text());

        // Without JavaScript: a details element with a link to each side, one of them the decisive one.
        foreach (var row in rows.Take(3))
        {
            var sides = row.QuerySelectorAll("details.sides li");
            Assert.Equal(["LAN", "WAN"], sides.Select(side => side.QuerySelector("a")!.Text()).Order());
            Assert.All(sides, side => Assert.StartsWith("/q/", side.QuerySelector("a")!.GetAttribute("href"), StringComparison.Ordinal));
            Assert.Single(sides, side => side.Texts(".tag").Contains("decisive"));
            Assert.StartsWith("/o/", row.QuerySelector("a.key")!.GetAttribute("href"), StringComparison.Ordinal);
        }

        // Every link of a row leads somewhere.
        foreach (var link in rows.SelectMany(row => row.QuerySelectorAll("a[href]")))
        {
            await site.PageAsync(link.GetAttribute("href")!);
        }
    }

    [Fact]
    public async Task What_the_node_did_for_itself_is_counted_apart()
    {
        await using var site = await Site.StartAsync();
        await site.ImportAsync(TestFiles.Data("kubo", "file-exporter", "traces-file-exporter.json.gz"));
        var background = (int)await site.Store.CountOperationsAsync(new QueryFilter { Background = true });
        Assert.True(background > 0);
        var link = (await site.PageAsync("/queries"))
            .QuerySelectorAll(".page-head a")
            .Single(link => link.Text().EndsWith("in the background", StringComparison.Ordinal));
        Assert.StartsWith(background.ToString(System.Globalization.CultureInfo.InvariantCulture), link.Text(), StringComparison.Ordinal);
        Assert.Equal(
            Math.Min(50, background),
            (await site.PageAsync(link.GetAttribute("href")!)).QuerySelectorAll("table.queries tbody tr").Length
        );

        // The overview counts what was asked, and leads to exactly that list.
        var overview = await site.PageAsync("/?range=all");
        Assert.Equal("4", overview.QuerySelector(".tiles dd")!.Text());
        Assert.Equal(
            4,
            (await site.PageAsync(overview.QuerySelector(".tiles dd a")!.GetAttribute("href")!))
                .QuerySelectorAll("table.queries tbody tr")
                .Length
        );
    }
}
