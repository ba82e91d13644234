using System.Globalization;
using System.Net;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Traces.Model;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.OperationDetails;

public sealed class OperationPageTests
{
    private const long Ms = 1_000_000;
    private static readonly Query First = SimulatedQueries.Make(5, 30);
    private static readonly QueryId Id = new(First.Id.TraceId, new SpanId(0xaa));

    // A command of a dual node: WAN found something, LAN had nobody to ask and started 2 ms later.
    private static readonly Query Wan = First with
    {
        OperationId = Id,
        Side = DhtSide.Wan,
        DurationNs = 900 * Ms,
        DiscoveryNs = 300 * Ms,
        Outcome = QueryOutcome.Success,
    };

    private static readonly Query Lan = SimulatedQueries.Make(6, 0) with
    {
        Id = new QueryId(First.Id.TraceId, new SpanId(0xbb)),
        OperationId = Id,
        Key = First.Key,
        Side = DhtSide.Lan,
        Skipped = true,
        StartUnixNano = First.StartUnixNano + (2 * (ulong)Ms),
        DurationNs = 6_000,
        Outcome = QueryOutcome.Failed,
        Error = new TraceError(ErrorClass.NoPeers, "failed to find any peer in table"),
    };

    private static readonly Operation Operation = new()
    {
        Id = Id,
        Type = QueryType.GetProviders,
        Key = First.Key,
        Source = TraceSource.GoKadDht,
        Service = "Kubo",
        StartUnixNano = First.StartUnixNano,
        DurationNs = 1000 * Ms,
        Outcome = QueryOutcome.Success,
        DiscoveryNs = 300 * Ms,
        Results = 3,
        Queries =
        [
            .. new[] { Wan, Lan }.Select(query => new OperationQuery(query.Id, query.Side, query.Skipped, query.Outcome, query.DurationNs)),
        ],
        Decisive = Wan.Id,
        Context = [new OperationContext(new SpanId(0x11), "POST /api/v0/", "/api/v0/routing/findprovs")],
        Command = new SpanId(0x11),
    };

    private static readonly Operation Other = Operation with
    {
        Id = new QueryId(Id.TraceId, new SpanId(0xcc)),
        Type = QueryType.FindPeer,
        Queries = [],
        Decisive = null,
        Context = [],
        StartUnixNano = First.StartUnixNano + 5,
    };

    private static readonly ReconstructedTrace Trace = ReconstructedTrace.Empty with
    {
        Operations = [Operation, Other],
        Queries = [Wan, Lan],
    };

    [Fact]
    public async Task Shows_its_sides_on_one_axis_with_the_decisive_one_marked()
    {
        await using var site = await Site.StartRebuiltAsync(Trace);
        var page = await site.PageAsync($"/o/{Id}");
        var sides = page.QuerySelectorAll(".wf .side");
        Assert.Equal(["WAN", "LAN"], sides.Select(side => side.QuerySelector(".name a")!.Text()));
        Assert.Equal(["success", "no peers"], sides.Select(side => side.QuerySelector(".outcome")!.Text()));
        Assert.Equal([true, false], sides.Select(side => side.QuerySelector(".mark") is not null));
        Assert.Equal($"/q/{Wan.Id}", sides[0].QuerySelector(".name a")!.GetAttribute("href"));

        // The axis is a third longer than what happened: 1,333 ms for 1,000.
        double X(int side, string name) =>
            double.Parse(sides[side].QuerySelector("rect.sd")!.GetAttribute(name)!.TrimEnd('%'), CultureInfo.InvariantCulture);
        var whole = page.QuerySelector(".axis") is null ? 0 : Math.Max(1000.0, Waterfall.AxisLength(Wan) / (double)Ms) * 4 / 3;
        Assert.Equal(0, X(0, "x"), 0.01);
        Assert.Equal(900 * 100 / whole, X(0, "width"), 0.02);
        Assert.Equal(2 * 100 / whole, X(1, "x"), 0.02);
        Assert.Equal(Wan.Peers.Count(PeerRows.WasContacted), page.QuerySelectorAll("tbody.rows tr").Length);
    }

    [Fact]
    public async Task Says_what_the_caller_got_who_asked_and_what_else_the_command_asked()
    {
        await using var site = await Site.StartRebuiltAsync(Trace);
        var page = await site.PageAsync($"/o/{Id}");
        var tiles = page.QuerySelectorAll(".tiles > div")
            .ToDictionary(tile => tile.QuerySelector("dt")!.Text(), tile => tile.QuerySelector("dd")!.Text());
        Assert.Equal("success", tiles["outcome"]);
        Assert.Equal("1s", tiles["duration"]);
        Assert.Equal("300ms", tiles["discovery"]);
        Assert.Equal("3", tiles["results"]);
        Assert.Equal("1 and 1 without peers", tiles["queries"]);
        Assert.Equal("/api/v0/routing/findprovs", page.QuerySelector(".asked-by code")!.Text());
        Assert.Equal($"/o/{Other.Id}", page.QuerySelector("#others a")!.GetAttribute("href"));
        Assert.Equal($"get-providers …{First.Key!.Text[^6..]} · success · DhtTracer", page.Title);
    }

    [Fact]
    public async Task A_query_leads_to_its_operation_and_an_operation_to_its_queries()
    {
        await using var site = await Site.StartRebuiltAsync(Trace);
        var page = await site.PageAsync($"/q/{Lan.Id}");
        Assert.Contains(page.QuerySelectorAll(".facts a"), link => link.GetAttribute("href") == $"/o/{Id}");
        Assert.Contains("LAN side", page.QuerySelector(".facts")!.Text(), StringComparison.Ordinal);
        var answer = await site.Client.GetAsync(new Uri($"/o/{Wan.Id}", UriKind.Relative));
        Assert.Equal($"/o/{Id}", answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_link_with_a_peer_leads_to_its_row_on_the_side_that_met_it()
    {
        await using var site = await Site.StartRebuiltAsync(Trace);
        var peer = Wan.Peers[2].Id;
        Assert.Equal(
            $"/q/{Wan.Id}?peer={peer}",
            (await site.Client.GetAsync(new Uri($"/o/{Id}?peer={peer}", UriKind.Relative))).Headers.Location!.ToString()
        );
        Assert.Equal(HttpStatusCode.OK, (await site.Client.GetAsync(new Uri($"/o/{Id}?peer=nobody", UriKind.Relative))).StatusCode);
    }

    [Theory]
    [InlineData("/o/0123456789abcdef0123456789abcdef-0123456789abcdef")]
    [InlineData("/o/nonsense")]
    public async Task An_operation_that_is_not_here_is_not_found(string address)
    {
        await using var site = await Site.StartRebuiltAsync(Trace);
        Assert.Equal(HttpStatusCode.NotFound, (await site.Client.GetAsync(new Uri(address, UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Text_of_spans_never_becomes_markup()
    {
        const string hostile = "\"><script>alert(1)</script>";
        var trace = Trace with
        {
            Operations =
            [
                Operation with
                {
                    Service = hostile,
                    Error = new TraceError(ErrorClass.Other, hostile),
                    Context = [new OperationContext(new SpanId(1), hostile, hostile)],
                    Routers = [new OperationRouter(new SpanId(2), hostile, 0, 5, new TraceError(ErrorClass.Other, hostile))],
                },
            ],
        };
        await using var site = await Site.StartRebuiltAsync(trace);
        Assert.Empty((await site.PageAsync($"/o/{Id}")).QuerySelectorAll("script:not([src])"));
    }
}
