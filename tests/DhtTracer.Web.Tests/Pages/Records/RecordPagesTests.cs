using System.Net;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Model;
using DhtTracer.Web.Tests.Api;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Records;

/// <summary>Lives of records on pages, in the API and on the overview.</summary>
public sealed class RecordPagesTests
{
    private const string Cid = "bafkreigvgaymxhcvt224thg4zwvecrjqvcgemfyeaw76ytlnug6zx7cntu";
    private const string Multihash = "1220d53030cb9c559eb5c99cdccdaa414530a88c46170405bfec4d6da1bd9bfc4d9d";
    private const ulong Start = 1_795_000_000_000_000_000;
    private const ulong Hour = 3_600_000_000_000;

    private static readonly string[] Servers = [.. Enumerable.Range(0, 20).Select(static at => $"12D3KooWServer{at:D2}")];

    [Fact]
    public async Task A_record_that_was_published_once_and_is_gone_is_named_everywhere()
    {
        await using var site = await Site.StartRebuiltAsync(
            Published(1, Start, 20),
            Looked(2, Start + Hour, 18),
            Looked(3, Start + (30 * Hour), 11),
            Looked(4, Start + (49 * Hour), 0)
        );

        var page = await site.PageAsync($"/records/{Cid}");
        Assert.Equal(["no holder", "published once"], page.Texts(".note.bad b").Select(static text => text.TrimEnd(':')));
        Assert.Single(page.QuerySelectorAll(".chart path.rec-holders"));
        Assert.Equal(["0 of 20", "11 of 20", "18 of 20"], page.Texts("#lookups tbody tr td:nth-child(4)"));
        Assert.Equal(["20"], page.Texts("#publications tbody tr td:nth-child(4)"));
        Assert.Contains(page.Texts("#changes li"), static text => text.StartsWith("The last holder lost it.", StringComparison.Ordinal));

        var list = await site.PageAsync("/records?show=alarms");
        Assert.Equal(["no holder", "published once"], list.Texts("table.records tbody .mark"));
        Assert.Equal(["no holder"], (await site.PageAsync("/?range=all")).Texts("#records .mark"));

        var json = await site.JsonAsync($"/api/v1/records/{Cid}");
        Assert.Equal(
            ["gone", "published-once"],
            json.GetProperty("alarms").EnumerateArray().Select(static alarm => alarm.GetProperty("kind").GetString()!)
        );
        Assert.Equal(18, json.GetProperty("lookups")[0].GetProperty("holders").GetArrayLength());
        var document = await site.JsonAsync("/api/v1/openapi.json");
        Assert.Empty(new SchemaCheck(document).Problems(OpenApiTests.Schema(document, "/api/v1/records/{key}"), json));
        Assert.Empty(
            new SchemaCheck(document).Problems(OpenApiTests.Schema(document, "/api/v1/records"), await site.JsonAsync("/api/v1/records"))
        );
    }

    [Fact]
    public async Task A_healthy_record_has_no_alarm_and_any_form_of_its_key_leads_to_it()
    {
        await using var site = await Site.StartRebuiltAsync(Published(1, Start, 20), Looked(2, Start + Hour, 18));

        Assert.Empty((await site.PageAsync($"/records/{Cid}")).QuerySelectorAll(".note.bad"));
        Assert.Equal(["None."], (await site.PageAsync("/?range=all")).Texts("#records > p"));
        var response = await site.Client.GetAsync(new Uri($"/records?key={Multihash}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        response = await site.Client.GetAsync(response.Headers.Location);
        Assert.Equal($"/records/{Cid}", response.Headers.Location?.ToString());
    }

    [Fact]
    public async Task What_is_not_there_is_said()
    {
        await using var site = await Site.StartAsync();

        Assert.Contains("No record yet", (await site.PageAsync("/records")).Texts("h1"));
        foreach (var address in new[] { $"/records/{Cid}", "/records/%3Cscript%3E", $"/api/v1/records/{Cid}" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await site.Client.GetAsync(new Uri(address, UriKind.Relative))).StatusCode);
        }
    }

    private static ReconstructedTrace Published(ulong trace, ulong start, int sent) =>
        Trace(
            trace,
            start,
            QueryType.AddProvider,
            Servers
                .Take(sent)
                .Select(static server =>
                    Peer(
                        server,
                        new PeerRequest
                        {
                            Type = MessageType.AddProvider,
                            StartNs = 1,
                            DurationNs = 1,
                            Outcome = RequestOutcome.Sent,
                        }
                    )
                )
        );

    private static ReconstructedTrace Looked(ulong trace, ulong start, int holders) =>
        Trace(
            trace,
            start,
            QueryType.GetProviders,
            Servers.Select(
                (server, at) =>
                    Peer(
                        server,
                        new PeerRequest
                        {
                            Type = MessageType.GetProviders,
                            StartNs = 1,
                            DurationNs = 1,
                            Outcome = RequestOutcome.Answered,
                            Providers = at < holders ? 1 : 0,
                        }
                    )
            )
        );

    private static ReconstructedTrace Trace(ulong trace, ulong start, QueryType type, IEnumerable<QueryPeer> peers)
    {
        var id = new QueryId(new TraceId(9, trace), new SpanId(1));
        return ReconstructedTrace.Of([
            new Query
            {
                Id = id,
                OperationId = id,
                Type = type,
                Key = new QueryKey(Cid, Multihash, "f7bef67383e0d309ede30743136c32b1212724631312f5997009c854656022c4"),
                Source = TraceSource.Native,
                Service = "tests",
                StartUnixNano = start,
                DurationNs = 1_000_000,
                Outcome = QueryOutcome.Success,
                Peers = [.. peers],
            },
        ]);
    }

    private static QueryPeer Peer(string id, PeerRequest request) =>
        new()
        {
            Id = id,
            Order = 1,
            State = PeerState.Answered,
            Requests = [request],
        };
}
