using System.Net;
using DhtTracer.Traces.Jaeger.Proto;
using DhtTracer.Traces.Model;
using Resource = DhtTracer.Traces.Model.Resource;
using Span = DhtTracer.Traces.Model.Span;
using SpanKind = DhtTracer.Traces.Model.SpanKind;
using StringValue = DhtTracer.Traces.Model.StringValue;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>What the two ports of the query API do beside answering searches.</summary>
public class QueryPortTests
{
    private const string Service = "/jaeger.api_v2.QueryService/";
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_browser_on_the_port_of_jaegers_pages_is_told_what_it_found()
    {
        await using var host = await QueryApiHost.StartAsync([]);
        using var root = await host.Http.GetAsync("/", Cancel);
        var text = await root.Content.ReadAsStringAsync(Cancel);
        Assert.Equal((HttpStatusCode.OK, "text/plain"), (root.StatusCode, root.Content.Headers.ContentType?.MediaType));
        Assert.Contains("Jaeger UI", text, StringComparison.Ordinal);
        using var page = await host.Http.GetAsync("/search?service=kubo", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
    }

    [Theory]
    [InlineData("/api/metrics/latencies?service=kubo&quantile=0.95", HttpStatusCode.NotImplemented)]
    [InlineData("/api/metrics/calls?service=kubo", HttpStatusCode.NotImplemented)]
    [InlineData("/api/metrics/minstep", HttpStatusCode.NotImplemented)]
    [InlineData("/api/nothing", HttpStatusCode.NotFound)]
    [InlineData("/api/v3/nothing", HttpStatusCode.NotFound)]
    public async Task What_is_not_there_is_an_error_in_json(string path, HttpStatusCode expected)
    {
        await using var host = await QueryApiHost.StartAsync([]);
        var (status, _, json) = await host.GetAsync(path);
        Assert.Equal(expected, status);
        Assert.NotNull(json["errors"] ?? json["error"]);
    }

    [Fact]
    public async Task Operations_have_their_kinds_and_can_be_asked_for_by_kind()
    {
        await using var host = await QueryApiHost.StartAsync([
            Make(1, "ask", SpanKind.Client),
            Make(2, "serve", SpanKind.Server),
            Make(3, "ask", SpanKind.Internal),
            Make(4, "old", SpanKind.Unspecified),
        ]);
        async Task<string> OperationsAsync(string kind)
        {
            var answer = await host.Grpc.UnaryAsync<GetOperationsRequest, GetOperationsResponse>(
                Service + "GetOperations",
                new GetOperationsRequest { Service = "kubo", SpanKind = kind },
                Long,
                Cancel
            );
            return string.Join(
                    ' ',
                    answer.Operations.Select(operation => $"{operation.Name}/{operation.SpanKind}").Order(StringComparer.Ordinal)
                )
                + " = "
                + string.Join(' ', answer.OperationNames.Order(StringComparer.Ordinal));
        }

        Assert.Equal("ask/client ask/internal old/ serve/server = ask old serve", await OperationsAsync(""));
        Assert.Equal("ask/client = ask", await OperationsAsync("client"));
        Assert.Equal(" = ", await OperationsAsync("producer"));
    }

    [Fact]
    public async Task A_caller_who_leaves_a_stream_early_is_let_go_and_the_next_is_served()
    {
        await using var host = await QueryApiHost.StartAsync([
            .. Enumerable.Range(1, 400).Select(i => Make((ulong)i, "ask", SpanKind.Client)),
        ]);
        var request = new FindTracesRequest { Query = new TraceQueryParameters { ServiceName = "kubo" } };
        for (var round = 0; round < 20; round++)
        {
            await foreach (
                var chunk in host.Grpc.ServerStreamingAsync<FindTracesRequest, SpansResponseChunk>(
                    Service + "FindTraces",
                    request,
                    Long,
                    Cancel
                )
            )
            {
                Assert.Single(chunk.Spans);
                break;
            }
        }

        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (
                var _ in host.Grpc.ServerStreamingAsync<FindTracesRequest, SpansResponseChunk>(
                    Service + "FindTraces",
                    request,
                    Long,
                    stop.Token
                )
            )
            {
                await stop.CancelAsync();
            }
        });
        var all = await host
            .Grpc.ServerStreamingAsync<FindTracesRequest, SpansResponseChunk>(Service + "FindTraces", request, Long, Cancel)
            .ToListAsync(Cancel);
        Assert.Equal(400, all.Count);
    }

    [Fact]
    public async Task Compressed_requests_are_read()
    {
        await using var host = await QueryApiHost.StartAsync([Make(1, "ask", SpanKind.Client)]);
        var answer = await host.Grpc.UnaryAsync<GetOperationsRequest, GetOperationsResponse>(
            Service + "GetOperations",
            new GetOperationsRequest { Service = "kubo" },
            Long,
            Cancel,
            compression: "gzip"
        );
        Assert.Equal(["ask"], answer.OperationNames);
    }

    [Fact]
    public async Task Dependencies_over_grpc_count_calls_between_services()
    {
        var js = new Resource { Attributes = AttributeList.Of(("service.name", new StringValue("js"))) };
        var parent = Make(1, "ask", SpanKind.Client);
        await using var host = await QueryApiHost.StartAsync([
            parent,
            parent with
            {
                SpanId = new SpanId(2),
                ParentSpanId = parent.SpanId,
                Resource = js,
            },
            parent with
            {
                SpanId = new SpanId(3),
                ParentSpanId = parent.SpanId,
                Resource = js,
            },
        ]);
        var answer = await host.Grpc.UnaryAsync<GetDependenciesRequest, GetDependenciesResponse>(
            Service + "GetDependencies",
            new GetDependenciesRequest(),
            Long,
            Cancel
        );
        var link = Assert.Single(answer.Dependencies);
        Assert.Equal(("kubo", "js", 2UL), (link.Parent, link.Child, link.CallCount));
    }

    private static Span Make(ulong trace, string name, SpanKind kind) =>
        new()
        {
            TraceId = new TraceId(1, trace),
            SpanId = new SpanId(1),
            Name = name,
            Kind = kind,
            StartUnixNano = 1_795_000_000_000_000_000 + trace,
            EndUnixNano = 1_795_000_000_000_500_000 + trace,
            Resource = new Resource { Attributes = AttributeList.Of(("service.name", new StringValue("kubo"))) },
            Scope = InstrumentationScope.Empty,
        };
}
