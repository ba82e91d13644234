using System.Text.Json;
using DhtTracer.Analysis.Json;
using DhtTracer.TestSupport.Kubo;

namespace DhtTracer.Analysis.Tests.Json;

public class QueryJsonTests
{
    /// <summary>The fields of the contract, in its order.</summary>
    private static readonly string[] Fields =
    [
        "id",
        "traceId",
        "spanId",
        "operationId",
        "background",
        "side",
        "skipped",
        "type",
        "key",
        "source",
        "service",
        "node",
        "startUnixNano",
        "durationNs",
        "outcome",
        "error",
        "termination",
        "discoveryNs",
        "discoveredBy",
        "firstAnswerNs",
        "missing",
        "parameters",
        "counts",
        "xor",
        "hops",
        "hopsAtLeast",
        "analysisVersion",
        "terminatedNs",
        "phases",
        "lint",
        "peers",
    ];

    public static TheoryData<string> All => Captures.All;

    [Theory]
    [MemberData(nameof(All))]
    public void What_is_written_reads_back_the_same(string label)
    {
        var json = QueryJson.ToUtf8(Captures.OnlyQuery(label));

        Assert.Equal(json, QueryJson.ToUtf8(QueryJson.Read(json)));
    }

    [Fact]
    public void Every_field_is_there_also_when_it_is_unknown()
    {
        var json = JsonDocument.Parse(QueryJson.ToUtf8(Captures.OnlyQuery("05-findProviders-break-at-first"))).RootElement;

        Assert.Equal(Fields, json.EnumerateObject().Select(field => field.Name));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("key").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("durationNs").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("counts").GetProperty("dialed").ValueKind);
        Assert.Equal(
            [
                "id",
                "order",
                "xor",
                "hops",
                "hopsAtLeast",
                "referrer",
                "referrerInferred",
                "askedAfter",
                "heardNs",
                "timeLostNs",
                "takenNs",
                "state",
                "dial",
                "requests",
                "duplicate",
                "agent",
                "latencyNs",
                "addresses",
                "protocols",
            ],
            json.GetProperty("peers")[0].EnumerateObject().Select(field => field.Name)
        );
        Assert.Equal(
            ["type", "startNs", "durationNs", "endNs", "outcome", "error", "returned", "new", "providers", "records", "ipns", "named"],
            json.GetProperty("peers")[0].GetProperty("requests")[0].EnumerateObject().Select(field => field.Name)
        );
    }

    [Fact]
    public void Times_are_exact_and_words_are_those_of_the_contract()
    {
        var trace = new KuboTraceSimulator(1).Simulate(new KuboScenario { Operation = KuboOperation.FindProviders });
        var json = JsonDocument.Parse(QueryJson.ToUtf8(Assert.Single(TraceReconstruction.Reconstruct(trace.Spans).Queries))).RootElement;

        Assert.Equal(trace.Wan.StartUnixNano.ToString(), json.GetProperty("startUnixNano").GetString());
        Assert.Equal(trace.Wan.DurationNs, json.GetProperty("durationNs").GetInt64());
        Assert.Equal("get-providers", json.GetProperty("type").GetString());
        Assert.Equal("go-libp2p-kad-dht", json.GetProperty("source").GetString());
        Assert.Equal(trace.Wan.Termination, json.GetProperty("termination").GetString());
    }

    [Fact]
    public void Without_peers_the_rest_is_the_same()
    {
        var query = Captures.OnlyQuery("14-dht-put");
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            QueryJson.WriteWithoutPeers(writer, query);
        }

        Assert.Equal(Fields[..^4], JsonDocument.Parse(buffer.ToArray()).RootElement.EnumerateObject().Select(field => field.Name));
    }

    [Theory]
    [InlineData("{}", "id")]
    [InlineData("{\"id\":\"zz\"}", "id")]
    [InlineData("[]", "id")]
    public void What_breaks_the_contract_is_named(string json, string field) =>
        Assert.Contains(
            field,
            Assert.Throws<JsonException>(() => QueryJson.Read(System.Text.Encoding.UTF8.GetBytes(json))).Message,
            StringComparison.Ordinal
        );
}
