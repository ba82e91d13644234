using System.IO.Compression;
using DhtTracer.Storage.Queries;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Web.Tests.Api;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.OperationDetails;

/// <summary>What became of the providers of block requests of a real Kubo's gateway.</summary>
public sealed class ProviderFatesTests
{
    [Fact]
    public async Task The_page_and_the_json_say_what_became_of_each_provider()
    {
        await using var site = await Site.StartAsync();
        await site.AddAsync(Trace("yknl24"));
        var listed = await site.Store.ListOperationsAsync(new QueryFilter { Type = QueryType.GetProviders });
        var operation = listed.Rows.Single(static row => row.Operation.Key!.Text.EndsWith("yknl24", StringComparison.Ordinal)).Operation;

        var page = await site.PageAsync($"/o/{operation.Id}");
        Assert.Equal(["The block did not come. 5 providers: 1 connected without the block, 4 failed."], page.Texts("#providers .note b"));
        Assert.Equal(5, page.QuerySelectorAll("#providers tbody tr").Length);
        Assert.Equal(4, page.QuerySelectorAll("#providers .fate.bad").Length);
        Assert.Contains(page.Texts("#providers pre"), static text => text.Contains("NO_RESERVATION (204)", StringComparison.Ordinal));

        var json = await site.JsonAsync($"/api/v1/operations/{operation.Id}");
        Assert.Equal("none", json.GetProperty("fates").GetProperty("block").GetString());
        Assert.Equal(
            ["dead", "no-address", "relay", "timeout"],
            json.GetProperty("fates")
                .GetProperty("providers")
                .EnumerateArray()
                .Select(static provider => provider.GetProperty("failure").GetString())
                .OfType<string>()
                .Order(StringComparer.Ordinal)
        );
        var document = await site.JsonAsync("/api/v1/openapi.json");
        Assert.DoesNotContain(
            new SchemaCheck(document).Problems(OpenApiTests.Schema(document, "/api/v1/operations/{id}"), json),
            static problem => problem.StartsWith("$.fates", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task With_the_log_of_the_daemon_it_says_who_sent_the_block()
    {
        await using var site = await Site.StartAsync();
        var whole = TestFiles.Data("kubo-time", "fate", "spans.01.pb.gz");
        await site.ImportAsync(TestFiles.Data("kubo-time", "fate", "spans.00.pb.gz"), whole);
        await site.SettleAsync();
        var listed = await site.Store.ListOperationsAsync(new QueryFilter { Type = QueryType.GetProviders });
        var operation = listed.Rows.Single(static row => row.Operation.Key!.Text.EndsWith("fb375i", StringComparison.Ordinal)).Operation;
        const string Holder = "12D3KooWJcw4rBXuympfUVciNchfTaVmPAYzWxJszYAk2Por3WLK";

        var before = await site.PageAsync($"/o/{operation.Id}");
        Assert.DoesNotContain("Sent by", before.QuerySelector("#providers")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("kubo watch --blocks", before.QuerySelector("#providers")!.TextContent, StringComparison.Ordinal);

        await site.ImportAsync(TestFiles.Data("kubo-time", "fate", "log.jsonl.gz"));
        await site.SettleAsync();

        var page = await site.PageAsync($"/o/{operation.Id}");
        Assert.Equal("/peers/" + Holder, page.QuerySelector("#providers .note a.mono")!.GetAttribute("href"));
        Assert.Contains("it sent the block", page.QuerySelector("#providers tbody .fate")!.TextContent, StringComparison.Ordinal);
        var json = await site.JsonAsync($"/api/v1/operations/{operation.Id}");
        Assert.Equal(Holder, json.GetProperty("fates").GetProperty("sentBy").GetString());
        Assert.Equal("block", json.GetProperty("fates").GetProperty("providers")[0].GetProperty("answer").GetString());
    }

    /// <summary>The trace of the capture that asked for the block whose CID ends so.</summary>
    private static IReadOnlyList<Span> Trace(string tail)
    {
        using var file = File.OpenRead(TestFiles.Data("kubo-time", "fate-gateway-http", "spans.00.pb.gz"));
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var content = new MemoryStream();
        gzip.CopyTo(content);
        return
        [
            .. OtlpProtobuf
                .Decode(content.ToArray())
                .GroupBy(static span => span.TraceId)
                .Single(trace =>
                    trace.Any(span =>
                        span.Name == "ProviderQueryManager.FindProvidersAsync"
                        && span.Attributes.GetString("cid")?.EndsWith(tail, StringComparison.Ordinal) == true
                    )
                ),
        ];
    }
}
