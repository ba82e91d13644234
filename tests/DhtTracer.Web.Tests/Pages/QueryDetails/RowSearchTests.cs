using System.Globalization;
using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.QueryDetails;

public sealed class RowSearchTests
{
    private static readonly Query Query = SimulatedQueries.Make(
        6,
        60,
        query => query with { Peers = [.. query.Peers.Select((peer, i) => peer with { Addresses = [$"/ip4/203.0.113.{i % 5}/tcp/4001"] })] }
    );

    [Theory]
    [InlineData("RUST-libp2p")]
    [InlineData("203.0.113.3")]
    [InlineData("reset")]
    [InlineData("dial timeout")]
    public async Task Shows_the_peers_that_hold_the_text_and_how_many(string text)
    {
        var expected = Query.Peers.Where(peer => Holds(peer, text)).Select(peer => peer.Id).ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(expected);
        await using var site = await Site.StartAsync(Query);
        var page = await site.PageAsync($"/q/{Query.Id}?find={Uri.EscapeDataString(text)}");
        Assert.Equal(
            expected,
            page.QuerySelectorAll("tbody.rows tr:not([hidden]) th a")
                .Select(link => link.GetAttribute("title")!)
                .ToHashSet(StringComparer.Ordinal)
        );
        Assert.Equal($"{expected.Count} of 60 peers", page.QuerySelector(".find-rows output")!.Text());
        Assert.Equal(text, page.QuerySelector(".find-rows input[name=find]")!.GetAttribute("value"));

        // A script hears of the same rows.
        using var answer = JsonDocument.Parse(
            await site.Client.GetStringAsync(new Uri($"/q/{Query.Id}?handler=find&find={Uri.EscapeDataString(text)}", UriKind.Relative))
        );
        Assert.Equal(
            page.QuerySelectorAll("tbody.rows tr:not([hidden])")
                .Select(row => int.Parse(row.Id!.AsSpan(1), CultureInfo.InvariantCulture))
                .Order(),
            answer.RootElement.GetProperty("places").EnumerateArray().Select(place => place.GetInt32()).Order()
        );
        Assert.Equal($"{expected.Count} of 60 peers", answer.RootElement.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Searches_within_the_filter_and_keeps_the_other_state()
    {
        var answered = Query.Peers.Where(peer => peer.State == PeerState.Answered).ToList();
        var expected = answered.Count(peer => Holds(peer, "kubo"));
        await using var site = await Site.StartAsync(Query);
        var page = await site.PageAsync($"/q/{Query.Id}?show=completed&sort=hops&t=0s-1s&find=kubo");
        Assert.Equal($"{expected} of {answered.Count} peers", page.QuerySelector(".find-rows output")!.Text());
        Assert.Equal(
            ["sort=hops", "show=completed", "t=0s-1s"],
            page.QuerySelectorAll(".find-rows input[type=hidden]")
                .Select(field => $"{field.GetAttribute("name")}={field.GetAttribute("value")}")
        );
        Assert.Contains(
            page.QuerySelectorAll(".segments a"),
            link => link.GetAttribute("href") == $"/q/{Query.Id}?sort=hops&show=failed&find=kubo&t=0s-1s"
        );
    }

    [Fact]
    public async Task Says_when_nothing_is_found()
    {
        await using var site = await Site.StartAsync(Query);
        var page = await site.PageAsync($"/q/{Query.Id}?find=nowhere");
        Assert.Equal("0 of 60 peers", page.QuerySelector(".find-rows output")!.Text());
        Assert.False(page.QuerySelector(".no-rows")!.HasAttribute("hidden"));
        Assert.True((await site.PageAsync($"/q/{Query.Id}")).QuerySelector(".no-rows")!.HasAttribute("hidden"));
    }

    private static bool Holds(QueryPeer peer, string text)
    {
        string?[] parts =
        [
            peer.Id,
            peer.Agent,
            peer.Dial?.Error?.Class.Replace('-', ' '),
            .. peer.Addresses,
            .. peer.Requests.Select(request => request.Error?.Class),
        ];
        return parts.Any(part => part?.Contains(text, StringComparison.OrdinalIgnoreCase) == true);
    }
}
