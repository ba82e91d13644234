using System.Globalization;
using AngleSharp.Dom;
using DhtTracer.Analysis.Model;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.QueryDetails;

public sealed class ZoomTests
{
    private const long Second = 1_000_000_000;

    /// <summary>15 seconds; a third more is drawn beside them, so 20.</summary>
    private static readonly Query Query = SimulatedQueries.Make(5, 12, query => query with { DurationNs = 15 * Second });

    [Fact]
    public async Task Bars_stand_where_the_stretch_of_the_address_puts_them()
    {
        await using var site = await Site.StartAsync(Query);
        var page = await site.PageAsync($"/q/{Query.Id}?t=1s-3s");
        var peer = Query.Peers.First(row => row.State == PeerState.Answered && row.Dial is not null);
        var drawing = page.QuerySelectorAll("tbody.rows tr").First(row => row.QuerySelector("th a")!.GetAttribute("title") == peer.Id);
        Assert.Equal((peer.Requests[0].StartNs!.Value - Second) / 20_000_000.0, Number(drawing.QuerySelector("rect.rq")!, "x"), 0.001);
        Assert.Equal(peer.Requests[0].DurationNs!.Value / 20_000_000.0, Number(drawing.QuerySelector("rect.rq")!, "width"), 0.001);
        Assert.Equal(["1s", "1.5s", "2s", "2.5s", "3s"], page.Texts(".axis text:not(.found)"));
        Assert.Equal("1000000000", page.QuerySelector(".wf-box")!.GetAttribute("data-from"));
        Assert.Equal("3000000000", page.QuerySelector(".wf-box")!.GetAttribute("data-to"));
    }

    [Fact]
    public async Task Links_zoom_and_move_without_a_script()
    {
        await using var site = await Site.StartAsync(Query);
        var page = await site.PageAsync($"/q/{Query.Id}?sort=xor&t=4s-8s");
        string Link(string name) => page.QuerySelector($".zoom [data-zoom={name}]")!.GetAttribute("href")!;
        Assert.Equal($"/q/{Query.Id}?sort=xor&t=5s-7s", Link("in"));
        Assert.Equal($"/q/{Query.Id}?sort=xor&t=2s-10s", Link("out"));
        Assert.Equal($"/q/{Query.Id}?sort=xor&t=2s-6s", Link("left"));
        Assert.Equal($"/q/{Query.Id}?sort=xor&t=6s-10s", Link("right"));
        Assert.Equal($"/q/{Query.Id}?sort=xor", Link("fit"));
    }

    [Theory]
    [InlineData("0s-20s", null)]
    [InlineData("0s-99s", null)]
    [InlineData("19s-30s", "9s-20s")]
    [InlineData("1s-1.000000001s", "1s-1.02s")]
    [InlineData("3s-1s", null)]
    [InlineData("nonsense", null)]
    [InlineData("1s-2s-3s", null)]
    [InlineData("250ms-1.5s", "0.25s-1.5s")]
    [InlineData("1.000000001s-2.123456789s", "1.000000001s-2.123456789s")]
    public async Task A_stretch_is_kept_inside_what_can_be_drawn(string asked, string? drawn)
    {
        await using var site = await Site.StartAsync(Query);
        var page = await site.PageAsync($"/q/{Query.Id}?t={asked}");
        var link = page.QuerySelector(".segments a")!.GetAttribute("href");
        Assert.Equal(drawn is null ? $"/q/{Query.Id}" : $"/q/{Query.Id}?t={drawn}", link);
    }

    [Fact]
    public async Task A_script_gets_the_axis_of_another_stretch()
    {
        await using var site = await Site.StartAsync(Query);
        var page = await site.PageAsync($"/q/{Query.Id}?t=1s-3s");
        var alone = await site.PageAsync($"/q/{Query.Id}?handler=axis&t=1s-3s");
        Assert.Equal(page.QuerySelector(".axis")!.OuterHtml, alone.QuerySelector(".axis")!.OuterHtml);
        Assert.Equal(page.QuerySelector(".gridlines")!.OuterHtml, alone.QuerySelector(".gridlines")!.OuterHtml);
    }

    private static double Number(IElement element, string name) =>
        double.Parse(element.GetAttribute(name)!.TrimEnd('%'), CultureInfo.InvariantCulture);
}
