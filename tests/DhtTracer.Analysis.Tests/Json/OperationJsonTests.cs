using System.Text.Json;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Json;

public class OperationJsonTests
{
    /// <summary>The fields of the contract, in its order, and those added since.</summary>
    private static readonly string[] Fields =
    [
        "id",
        "type",
        "key",
        "keyCount",
        "source",
        "service",
        "instance",
        "node",
        "background",
        "backgroundKind",
        "startUnixNano",
        "durationNs",
        "outcome",
        "error",
        "discoveryNs",
        "results",
        "queries",
        "decisive",
        "command",
        "context",
        "routers",
        "parts",
        "fates",
        "analysisVersion",
    ];

    private static Operation Full { get; } =
        new()
        {
            Id = new QueryId(new TraceId(1, 2), new SpanId(3)),
            Type = QueryType.GetProviders,
            Key = new QueryKey("bafy", "1220aa", "bb"),
            KeyCount = 1,
            Source = TraceSource.GoKadDht,
            Service = "Kubo",
            Instance = "node-7",
            Node = "12D3KooWNode",
            Background = true,
            BackgroundKind = BackgroundKind.PeerAddress,
            StartUnixNano = ulong.MaxValue,
            DurationNs = 12,
            Outcome = QueryOutcome.Failed,
            Error = new TraceError(ErrorClass.Reset, "stream reset"),
            DiscoveryNs = 7,
            Results = 3,
            Queries =
            [
                new OperationQuery(new QueryId(new TraceId(1, 2), new SpanId(4)), DhtSide.Wan, false, QueryOutcome.Success, 11),
                new OperationQuery(new QueryId(new TraceId(1, 2), new SpanId(5)), DhtSide.Lan, true, QueryOutcome.NotFound, null),
            ],
            Decisive = new QueryId(new TraceId(1, 2), new SpanId(4)),
            Command = new SpanId(9),
            Context =
            [
                new OperationContext(new SpanId(9), "POST /api/v0/", "/api/v0/routing/findprovs"),
                new OperationContext(new SpanId(10), "x", null),
            ],
            Routers =
            [
                new OperationRouter(new SpanId(11), "DelegatedHTTPClient.FindProviders", 5, null, new TraceError(ErrorClass.Other, null)),
            ],
            Parts = [new QueryId(new TraceId(6, 6), new SpanId(12))],
            Fates = new ProviderFates
            {
                Cid = "bafy",
                Block = BlockArrival.None,
                AskedAllNs = 40,
                EndNs = 50,
                MissingEvents = 1,
                Providers =
                [
                    new ProviderFate
                    {
                        Peer = "12D3KooWDead",
                        Step = ProviderStep.Failed,
                        Failure = ProviderFailure.Dead,
                        ErrorText = "connection refused",
                        NamedNs = 1,
                        Addresses = ["/ip4/192.0.2.1/tcp/4001"],
                        FoundNs = 2,
                        AddressLookupNs = 3,
                        FailedNs = 9,
                        Transport = "tcp",
                        Agent = "kubo/0.43.1",
                    },
                    new ProviderFate
                    {
                        Peer = "12D3KooWHere",
                        Step = ProviderStep.WithoutBlock,
                        ConnectedNs = 8,
                    },
                ],
            },
        };

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        var read = OperationJson.Read(OperationJson.ToUtf8(Full));

        Assert.Equal(OperationJson.ToUtf8(Full), OperationJson.ToUtf8(read));
        Assert.Equivalent(Full, read, strict: true);
    }

    [Fact]
    public void Every_field_is_there_also_when_it_is_unknown()
    {
        var unknown = new Operation
        {
            Id = Full.Id,
            Type = QueryType.Unknown,
            KeyCount = null,
            Source = TraceSource.GoKadDht,
            StartUnixNano = 1,
            Outcome = QueryOutcome.Incomplete,
        };
        var json = JsonDocument.Parse(OperationJson.ToUtf8(unknown)).RootElement;

        Assert.Equal(Fields, json.EnumerateObject().Select(field => field.Name));
        Assert.All(
            [
                "type",
                "key",
                "keyCount",
                "service",
                "instance",
                "node",
                "backgroundKind",
                "durationNs",
                "error",
                "discoveryNs",
                "results",
                "decisive",
                "command",
                "fates",
            ],
            name => Assert.Equal(JsonValueKind.Null, json.GetProperty(name).ValueKind)
        );
        Assert.Equivalent(unknown, OperationJson.Read(OperationJson.ToUtf8(unknown)), strict: true);
    }

    [Theory]
    [InlineData("{}", "id")]
    [InlineData("[]", "id")]
    [InlineData("{\"id\":\"00000000000000010000000000000002-0000000000000003\"}", "source")]
    public void What_breaks_the_contract_is_named(string json, string field) =>
        Assert.Contains(
            field,
            Assert.Throws<JsonException>(() => OperationJson.Read(System.Text.Encoding.UTF8.GetBytes(json))).Message,
            StringComparison.Ordinal
        );
}
