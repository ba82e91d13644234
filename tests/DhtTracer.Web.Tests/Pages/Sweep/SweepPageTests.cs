using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Sweep;

/// <summary>A captured sweep on the page, in the API, and what the page says without one.</summary>
public sealed class SweepPageTests
{
    [Fact]
    public async Task A_sweep_is_drawn_and_listed_by_region_and_a_key_has_its_turns()
    {
        await using var site = await Site.StartAsync();
        var empty = await site.PageAsync("/sweep");
        Assert.Contains("dht-tracer kubo watch", empty.QuerySelector(".empty")!.TextContent, StringComparison.Ordinal);

        await site.ImportAsync(TestFiles.Data("kubo-sweep", "spans.pb.gz"), TestFiles.Data("kubo-sweep", "log.jsonl.gz"));
        await site.SettleAsync();

        var page = await site.PageAsync("/sweep");
        Assert.Equal(
            ["010", "0110", "0111", "1000", "1001", "101", "11", "00"],
            page.QuerySelectorAll("table.regions tbody th").Select(cell => cell.TextContent)
        );
        Assert.Equal("never", page.QuerySelector("table.regions tbody tr:last-child td:last-child")!.TextContent);
        Assert.Equal(11, page.QuerySelectorAll("figure.sweep rect.turn.provided").Length);
        Assert.Contains("No peer of 110 answered", page.Body!.TextContent, StringComparison.Ordinal);
        Assert.Contains("21 of 21", page.QuerySelector("table.regions tbody tr")!.TextContent, StringComparison.Ordinal);

        var json = await site.JsonAsync("/api/v1/sweep");
        Assert.Equal("12D3KooWBbcLxDymU8UR3kEp1FmxNUg82kg42T1Ch6huYaoMKtZb", json.GetProperty("node").GetString());
        Assert.Equal("110", json.GetProperty("silent")[0].GetProperty("prefix").GetString());
        Assert.Equal(266, json.GetProperty("regions")[0].GetProperty("keys").GetInt32());

        // A key of region 0110.
        const string Key = "bafkreifecfh3yeyzgwx4xme3knzneuupl7cnmxwte4qhiqe2dqvcp7ni2q";
        var turns = await site.PageAsync("/sweep?key=" + Key);
        Assert.Equal(
            ["0110", "0110"],
            turns.QuerySelectorAll("section[aria-label='Turns of the key'] tbody td:nth-child(2)").Select(cell => cell.TextContent)
        );
        Assert.Equal(2, turns.QuerySelectorAll("figure.sweep circle.key").Length);

        Assert.Contains(
            "soon",
            (await site.PageAsync("/sweep?from=soon")).QuerySelector(".note.warn")!.TextContent,
            StringComparison.Ordinal
        );
        Assert.Contains("No sweep of this node", (await site.PageAsync("/sweep?node=nobody")).Body!.TextContent, StringComparison.Ordinal);
    }
}
