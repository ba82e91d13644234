using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Web.Tests.Api;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Providers;

/// <summary>What became of the providers of many block requests.</summary>
public sealed class ProvidersPageTests
{
    [Fact]
    public async Task Shares_rest_on_every_provider_of_every_request()
    {
        var traces = new[] { 5, 6 }.Select(static seed => ReconstructedTrace.Of([SimulatedQueries.Make(seed, 2)])).ToList();
        await using var site = await Site.StartRebuiltAsync([
            .. traces.Select(static trace => trace with { Operations = [trace.Operations[0] with { Fates = Fates }] }),
        ]);

        var page = await site.PageAsync("/providers");
        Assert.Contains("Rests on 2 block requests.", page.Texts("p.small")[0], StringComparison.Ordinal);
        Assert.Equal(
            ["dead (connection refused)2 33.3 % 7ns"],
            page.Texts("#failures tbody tr").Select(static text => text.Replace("refused) 2", "refused)2", StringComparison.Ordinal))
        );
        Assert.Equal(["tcp", "no address"], page.Texts("#transports tbody th"));
        Assert.Equal("50 %", page.Texts("#agents tbody tr td")[5]);

        var json = await site.JsonAsync("/api/v1/providers");
        Assert.Equal((2, 2, 0), (Count(json, "requests"), Count(json, "came"), Count(json, "missed")));
        Assert.Equal(6, Count(json.GetProperty("all"), "providers"));
        Assert.Equal(0.5, json.GetProperty("all").GetProperty("failedShare").GetDouble());
        var failure = Assert.Single(json.GetProperty("byFailure").EnumerateArray());
        Assert.Equal(("dead", 2, 7), (failure.GetProperty("failure").GetString(), Count(failure, "count"), Count(failure, "meanNs")));
        Assert.Equal("tcp", json.GetProperty("byTransport")[0].GetProperty("name").GetString());
        var document = await site.JsonAsync("/api/v1/openapi.json");
        Assert.Empty(new SchemaCheck(document).Problems(OpenApiTests.Schema(document, "/api/v1/providers"), json));

        Assert.Contains("No block request", (await site.PageAsync("/providers?from=2020-01-01&to=2020-01-02")).Texts("h1"));
        Assert.Single((await site.PageAsync("/providers?range=soon")).QuerySelectorAll(".note.warn"));
    }

    private static long Count(JsonElement json, string name) => json.GetProperty(name).GetInt64();

    private static ProviderFates Fates { get; } =
        new()
        {
            Cid = "bafy",
            Block = BlockArrival.Came,
            Providers =
            [
                new ProviderFate
                {
                    Peer = "a",
                    Step = ProviderStep.Failed,
                    Failure = ProviderFailure.Dead,
                    Transport = "tcp",
                    FoundNs = 1,
                    FailedNs = 8,
                },
                new ProviderFate
                {
                    Peer = "b",
                    Step = ProviderStep.Connected,
                    Transport = "tcp",
                },
                new ProviderFate { Peer = "c", Step = ProviderStep.Unknown },
            ],
        };
}
