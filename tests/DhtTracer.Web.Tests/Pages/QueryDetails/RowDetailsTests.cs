using System.Globalization;
using System.Net;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Web.Tests.Fixture;
using IElement = AngleSharp.Dom.IElement;

namespace DhtTracer.Web.Tests.Pages.QueryDetails;

public sealed class RowDetailsTests
{
    private static readonly Query Query = SimulatedQueries.Make(
        5,
        40,
        query =>
            query with
            {
                Peers =
                [
                    .. query.Peers.Select(peer =>
                        peer with
                        {
                            // Times that no rounding leaves as they are.
                            Requests =
                            [
                                .. peer.Requests.Select(request =>
                                    request with
                                    {
                                        StartNs = request.StartNs + 123,
                                        DurationNs = request.DurationNs + 456_789,
                                    }
                                ),
                            ],
                            Addresses = ["/ip4/203.0.113.9/tcp/4001", "/ip4/203.0.113.9/udp/4001/quic-v1"],
                        }
                    ),
                ],
            }
    );

    [Fact]
    public async Task Shows_times_as_people_read_them_and_to_the_nanosecond_on_hover()
    {
        var place = PlaceOf(peer => peer is { State: PeerState.Answered, Dial: not null });
        var peer = Query.Peers[place - 1];
        await using var site = await Site.StartAsync(Query);
        var page = await site.PageAsync($"/q/{Query.Id}?row=p{place}");
        var rows = page.QuerySelectorAll("#details .phases tbody tr")
            .ToDictionary(
                row => row.QuerySelector("th")!.Text(),
                row => row.QuerySelectorAll("td").Take(3).Select(cell => cell.Text()).ToArray()
            );
        var exact = page.QuerySelectorAll("#details .phases tbody tr")
            .ToDictionary(
                row => row.QuerySelector("th")!.Text(),
                row => row.QuerySelectorAll("td").Take(3).Select(cell => cell.GetAttribute("title") ?? "").ToArray()
            );
        Assert.Equal(
            [Ms(peer.Dial!.StartNs), Ms(peer.Dial.DurationNs!.Value), Ms(peer.Dial.StartNs + peer.Dial.DurationNs.Value)],
            rows["dialing"]
        );
        var request = peer.Requests[0];
        Assert.Equal(
            [Ms(request.StartNs!.Value), Ms(request.DurationNs!.Value), Ms(request.StartNs.Value + request.DurationNs.Value)],
            rows["request GET_PROVIDERS"]
        );
        Assert.Equal(Ms(peer.HeardNs!.Value), rows["heard of"][0]);
        Assert.Equal(Ms(request.StartNs.Value + request.DurationNs.Value), rows["answered"][0]);
        Assert.Equal($"{request.DurationNs.Value.ToString("N0", CultureInfo.InvariantCulture)} ns", exact["request GET_PROVIDERS"][1]);
        Assert.StartsWith(
            $"{request.StartNs.Value.ToString("N0", CultureInfo.InvariantCulture)} ns after the start of the query, ",
            exact["request GET_PROVIDERS"][0],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Shows_id_agent_addresses_error_and_links_to_the_peer()
    {
        var place = PlaceOf(peer => peer.State == PeerState.DialFailed && peer.Agent is not null);
        var peer = Query.Peers[place - 1];
        await using var site = await Site.StartAsync(Query);
        var details = (await site.PageAsync($"/q/{Query.Id}?row=p{place}")).QuerySelector("#details")!;
        Assert.Equal(peer.Id, details.QuerySelector("h2 a")!.Text());
        Assert.Equal($"/peers/{peer.Id}", details.QuerySelector("h2 a")!.GetAttribute("href"));
        var facts = Facts(details);
        Assert.Equal(peer.Agent, facts["agent"]);
        Assert.Equal(peer.Addresses, details.QuerySelectorAll("dd div").Select(line => line.Text()));
        Assert.Single(
            details.QuerySelectorAll("td, dd"),
            cell => cell.Text().Contains("dial timeout: context deadline exceeded", StringComparison.Ordinal)
        );
        Assert.Equal("–", facts["protocols"]);
    }

    [Fact]
    public async Task Names_the_chain_back_to_the_seed()
    {
        var place = PlaceOf(peer => peer.Hops >= 3);
        var expected = new List<string>();
        for (var at = Query.Peers[place - 1]; at.Referrer is { } referrer; )
        {
            at = Query.Peers.Single(peer => peer.Id == referrer);
            expected.Add(at.Id);
        }

        await using var site = await Site.StartAsync(Query);
        var page = await site.PageAsync($"/q/{Query.Id}?row=p{place}");
        Assert.Equal(expected, page.QuerySelectorAll("#details .chain a").Select(link => link.GetAttribute("title")));
        Assert.EndsWith("from the routing table", page.QuerySelector("#details .chain")!.Text(), StringComparison.Ordinal);
        var referrers = page.QuerySelector(".wf")!.GetAttribute("data-referrers")!.Split(',').Select(int.Parse).ToList();
        Assert.Equal(Query.Peers.Select(peer => peer.Referrer is null ? 0 : IndexOf(peer.Referrer) + 1), referrers);
    }

    [Fact]
    public async Task A_script_gets_the_same_details()
    {
        await using var site = await Site.StartAsync(Query);
        var page = await site.PageAsync($"/q/{Query.Id}?row=p7");
        var alone = await site.PageAsync($"/q/{Query.Id}?handler=row&row=p7");
        Assert.Equal(page.QuerySelector(".row-details")!.OuterHtml, alone.QuerySelector(".row-details")!.OuterHtml);
        Assert.Null(alone.QuerySelector("header.top"));
    }

    [Theory]
    [InlineData("p41")]
    [InlineData("p0")]
    [InlineData("p-1")]
    [InlineData("7")]
    [InlineData("p99999999999")]
    public async Task A_row_that_is_not_there_has_no_details(string row)
    {
        await using var site = await Site.StartAsync(Query);
        Assert.Null((await site.PageAsync($"/q/{Query.Id}?row={row}")).QuerySelector(".row-details"));
        var answer = await site.Client.GetAsync(new Uri($"/q/{Query.Id}?handler=row&row={row}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Peer_names_lead_to_the_details_and_closing_keeps_the_rest_of_the_state()
    {
        await using var site = await Site.StartAsync(Query);
        var page = await site.PageAsync($"/q/{Query.Id}?sort=xor&find=kubo");
        var row = page.QuerySelector("tbody.rows tr:not([hidden])")!;
        Assert.Equal($"?sort=xor&find=kubo&row={row.Id}#{row.Id}", row.QuerySelector("th a")!.GetAttribute("href"));
        var opened = await site.PageAsync($"/q/{Query.Id}?sort=xor&find=kubo&row={row.Id}");
        Assert.Equal($"/q/{Query.Id}?sort=xor&find=kubo#{row.Id}", opened.QuerySelector("#details .close")!.GetAttribute("href"));
    }

    [Fact]
    public async Task Text_from_spans_never_becomes_markup()
    {
        const string Hostile = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
        var hostile = SimulatedQueries.Make(
            8,
            6,
            query =>
                query with
                {
                    Peers =
                    [
                        .. query.Peers.Select(peer =>
                            peer with
                            {
                                Agent = Hostile,
                                Addresses = [Hostile],
                                Dial = peer.Dial is null ? null : peer.Dial with { Error = new TraceError(ErrorClass.Other, Hostile) },
                            }
                        ),
                    ],
                }
        );
        await using var site = await Site.StartAsync(hostile);
        var page = await site.PageAsync($"/q/{hostile.Id}?row=p1&find={Uri.EscapeDataString(Hostile)}");
        Assert.Empty(page.QuerySelectorAll("img, script:not([src])"));
        Assert.Contains(Hostile, page.QuerySelector("#details dl")!.TextContent, StringComparison.Ordinal);
    }

    private static string Ms(long nanoseconds) => nanoseconds == 0 ? "0" : DurationText.Of(nanoseconds);

    private static int PlaceOf(Func<QueryPeer, bool> which) => Query.Peers.IndexOf(Query.Peers.First(which)) + 1;

    private static int IndexOf(string id) => Query.Peers.ToList().FindIndex(peer => peer.Id == id);

    private static Dictionary<string, string> Facts(IElement details) =>
        details.QuerySelectorAll("dl dt").ToDictionary(term => term.Text(), term => term.NextElementSibling!.Text());
}
