using System.Text.Json;
using System.Text.Json.Nodes;
using DhtTracer.Traces.Model;
using GrpcStatusCode = Grpc.Core.StatusCode;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>A foreign gRPC implementation, npm's <c>@grpc/grpc-js</c>, as client of the query service.</summary>
public class GrpcJsTests
{
    [Fact]
    public async Task Grpc_js_gets_right_answers_errors_and_deadlines_from_the_query_service()
    {
        Assert.SkipUnless(Needs.Exporters is not null, Needs.Why("npm packages of tests/exporters"));
        var captured = Captured.V1Spans("v2.10");
        await using var host = await QueryApiHost.StartAsync(captured);
        var known = captured[0].TraceId;
        object[] calls =
        [
            new { method = "GetServices", request = new { } },
            new { method = "GetOperations", request = new { service = "jsbed" } },
            new { method = "FindTraces", request = new { query = new { service_name = "jsbed", search_depth = 1000 } } },
            new { method = "GetTrace", request = new { trace_id = Convert.ToBase64String(known.ToBytes()) } },
            new { method = "GetTrace", request = new { trace_id = Convert.ToBase64String([.. new byte[15], 1]) } },
            new { method = "GetTrace", request = new { trace_id = Convert.ToBase64String(new byte[16]) } },
            new { method = "FindTraces", request = new { } },
            new { method = "ArchiveTrace", request = new { trace_id = Convert.ToBase64String(known.ToBytes()) } },
            new
            {
                method = "FindTraces",
                request = new { query = new { service_name = "jsbed" } },
                deadlineMs = -1,
            },
        ];

        var results = JsonNode
            .Parse(
                await NodeProgram.RunAsync(
                    "grpc.js",
                    NodeProgram.Protos,
                    "query_service.proto",
                    "QueryService",
                    host.GrpcPort.ToString(),
                    JsonSerializer.Serialize(calls)
                )
            )!
            .AsArray();

        Assert.Equal(
            [
                GrpcStatusCode.OK,
                GrpcStatusCode.OK,
                GrpcStatusCode.OK,
                GrpcStatusCode.OK,
                GrpcStatusCode.NotFound,
                GrpcStatusCode.InvalidArgument,
                GrpcStatusCode.InvalidArgument,
                GrpcStatusCode.Unimplemented,
                GrpcStatusCode.DeadlineExceeded,
            ],
            results.Select(result => (GrpcStatusCode)result!["code"]!.GetValue<int>())
        );
        Assert.Equal("""["jsbed"]""", results[0]!["answers"]![0]!["services"]!.ToJsonString());
        Assert.Equal(7, results[1]!["answers"]![0]!["operations"]!.AsArray().Count);
        Assert.Equal(captured.Select(span => span.SpanId.ToString()).Order(), SpanIds(results[2]!));
        Assert.Equal(captured.Where(span => span.TraceId == known).Select(span => span.SpanId.ToString()).Order(), SpanIds(results[3]!));
        Assert.Equal("trace not found", results[4]!["details"]!.GetValue<string>());
    }

    private static IEnumerable<string> SpanIds(JsonNode result) =>
        result["answers"]!
            .AsArray()
            .SelectMany(answer => answer!["spans"]!.AsArray())
            .Select(span => SpanId.FromBytes(Convert.FromBase64String(span!["span_id"]!.GetValue<string>())).ToString())
            .Order();
}
