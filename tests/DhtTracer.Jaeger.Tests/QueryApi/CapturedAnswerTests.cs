using System.Net;
using System.Text.Json.Nodes;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>What real servers answered is imported, and our answers to the same questions must be the same, span for span and field for
/// field.</summary>
public class CapturedAnswerTests
{
    private const string AllTime = "query.start_time_min=2000-01-01T00:00:00Z&query.start_time_max=2100-01-01T00:00:00Z";

    [Theory]
    [InlineData("v1.60")]
    [InlineData("v2.10")]
    public async Task Search_over_http_v1_answers_as_the_real_server_did(string release)
    {
        await using var host = await QueryApiHost.StartAsync(Captured.V1Spans(release));

        var (status, type, json) = await host.GetAsync("/api/traces?service=jsbed&start=0&end=4000000000000000&limit=1000");

        Assert.Equal((HttpStatusCode.OK, "application/json"), (status, type));
        var expected = Captured.Json(release, "http-v1-traces.200.json");
        AssertSame(Captured.V1ById(expected), Captured.V1ById(json));
        Assert.Equal(expected.AsObject().Select(item => item.Key), json.AsObject().Select(item => item.Key));
        Assert.All(new[] { "total", "limit", "offset" }, name => Assert.Equal(0, json[name]!.GetValue<int>()));
    }

    [Theory]
    [InlineData("v1.60")]
    [InlineData("v2.10")]
    public async Task Search_over_http_v3_answers_as_the_real_server_did(string release)
    {
        await using var host = await QueryApiHost.StartAsync(Captured.V3Spans(release));

        var (status, type, json) = await host.GetAsync($"/api/v3/traces?query.service_name=jsbed&query.num_traces=1000&{AllTime}");

        Assert.Equal((HttpStatusCode.OK, "application/json"), (status, type));
        AssertSame(Captured.V3ById(Captured.Json(release, "http-v3-traces-snake.200.json")), Captured.V3ById(json));
    }

    [Theory]
    [InlineData("v1.60")]
    [InlineData("v2.10")]
    public async Task FindTraces_over_grpc_answers_as_the_real_server_did(string release)
    {
        var expected = Captured.GrpcSpans(release);
        await using var host = await QueryApiHost.StartAsync(JaegerModel.Decode(expected));

        var request = new FindTracesRequest
        {
            Query = new TraceQueryParameters
            {
                ServiceName = "jsbed",
                SearchDepth = 1000,
                RawTraces = true,
            },
        };
        var chunks = await host
            .Grpc.ServerStreamingAsync<FindTracesRequest, SpansResponseChunk>(
                "/jaeger.api_v2.QueryService/FindTraces",
                request,
                TimeSpan.FromSeconds(30)
            )
            .ToListAsync(TestContext.Current.CancellationToken);

        Assert.All(chunks, chunk => Assert.InRange(chunk.Spans.Count, 1, 10));
        Assert.All(chunks, chunk => Assert.Single(chunk.Spans.Select(span => span.TraceId).Distinct()));
        AssertSame(Captured.GrpcById(expected), Captured.GrpcById(chunks.SelectMany(chunk => chunk.Spans)));
    }

    [Theory]
    [InlineData("v1.60")]
    [InlineData("v2.10")]
    public async Task Services_and_operations_over_grpc_answer_as_the_real_server_did(string release)
    {
        await using var host = await QueryApiHost.StartAsync(JaegerModel.Decode(Captured.GrpcSpans(release)));
        var cancel = TestContext.Current.CancellationToken;

        var services = await host.Grpc.UnaryAsync<GetServicesRequest, GetServicesResponse>(
            "/jaeger.api_v2.QueryService/GetServices",
            new GetServicesRequest(),
            TimeSpan.FromSeconds(30),
            cancel
        );
        var operations = await host.Grpc.UnaryAsync<GetOperationsRequest, GetOperationsResponse>(
            "/jaeger.api_v2.QueryService/GetOperations",
            new GetOperationsRequest { Service = "jsbed" },
            TimeSpan.FromSeconds(30),
            cancel
        );

        Assert.Equal(Captured.Grpc(release, "grpc-GetServices.bin", GetServicesResponse.Parser), services);
        var expected = Captured.Grpc(release, "grpc-GetOperations.bin", GetOperationsResponse.Parser);
        Assert.NotEmpty(expected.Operations);
        Assert.Equal(
            expected.Operations.Select(item => $"{item.Name} {item.SpanKind}").Order(StringComparer.Ordinal),
            operations.Operations.Select(item => $"{item.Name} {item.SpanKind}").Order(StringComparer.Ordinal)
        );
        Assert.Equal(expected.OperationNames.Order(StringComparer.Ordinal), operations.OperationNames.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("v1.60")]
    [InlineData("v2.10")]
    public async Task Services_and_operations_answer_as_the_real_server_did(string release)
    {
        await using var host = await QueryApiHost.StartAsync(Captured.V1Spans(release));
        foreach (
            var (path, file, list) in new[]
            {
                ("/api/services", "http-v1-services.200.json", "data"),
                ("/api/operations?service=jsbed", "http-v1-operations.200.json", "data"),
                ("/api/services/jsbed/operations", "http-v1-service-operations.200.json", "data"),
                ("/api/v3/services", "http-v3-services.200.json", "services"),
                ("/api/v3/operations?service=jsbed", "http-v3-operations.200.json", "operations"),
            }
        )
        {
            var (status, _, json) = await host.GetAsync(path);
            var expected = Captured.Json(release, file);
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal(Items(expected, list), Items(json, list));
            Assert.Equal(Without(expected, list), Without(json, list));
        }
    }

    [Fact]
    public async Task Dependencies_are_those_that_the_real_server_counted()
    {
        await using var host = await QueryApiHost.StartAsync(Captured.V1Spans("v2.10"));
        var (status, _, json) = await host.GetAsync("/api/dependencies?endTs=4000000000000&lookback=4000000000000");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(Captured.Json("v2.10", "http-v1-dependencies.200.json").ToJsonString(), json.ToJsonString());
    }

    [Fact]
    public async Task Without_dependencies_the_answer_is_that_of_the_real_server_that_had_none()
    {
        await using var host = await QueryApiHost.StartAsync(Captured.V1Spans("v1.60"));
        var (status, _, json) = await host.GetAsync("/api/dependencies?endTs=1000&lookback=1000");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(Captured.Json("v1.60", "http-v1-dependencies.200.json").ToJsonString(), json.ToJsonString());
    }

    [Theory]
    [InlineData("v1.60")]
    [InlineData("v2.10")]
    public async Task Errors_answer_as_the_real_server_did(string release)
    {
        await using var host = await QueryApiHost.StartAsync(Captured.V1Spans(release));
        foreach (
            var (path, file, expectedType) in new[]
            {
                ("/api/traces/00000000000000000000000000000abc", "http-v1-trace-unknown.404.json", "text/plain"),
                ("/api/v3/traces", "http-v3-traces-empty.400.json", "application/json"),
                ("/api/v3/traces?query.service_name=jsbed", "http-v3-traces.400.json", "application/json"),
            }
        )
        {
            var (status, type, json) = await host.GetAsync(path);
            Assert.Equal(file.Split('.')[1], ((int)status).ToString());
            Assert.Equal(expectedType, type);
            Assert.Equal(Captured.Json(release, file).ToJsonString(), json.ToJsonString());
        }
    }

    private static void AssertSame(SortedDictionary<string, string> expected, SortedDictionary<string, string> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach (var (id, span) in expected)
        {
            Assert.Equal(span, actual[id]);
        }
    }

    private static List<string> Items(JsonNode answer, string list) =>
        [.. answer[list]!.AsArray().Select(item => item!.ToJsonString()).Order(StringComparer.Ordinal)];

    private static string Without(JsonNode answer, string list)
    {
        var copy = answer.DeepClone().AsObject();
        copy.Remove(list);
        return copy.ToJsonString();
    }
}
