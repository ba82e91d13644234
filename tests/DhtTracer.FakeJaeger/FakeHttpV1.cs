using System.Globalization;
using System.Text.Json.Nodes;
using DhtTracer.Traces.Jaeger.Proto;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ValueType = DhtTracer.Traces.Jaeger.Proto.ValueType;

namespace DhtTracer.FakeJaeger;

/// <summary>The JSON of <c>/api</c>, written without the product's own codec so that a mistake in that cannot hide.</summary>
internal sealed class FakeHttpV1(FakeArchive archive, FakeFaults faults, FakeJaegerOptions options)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        if (options.Release == JaegerRelease.Later)
        {
            return;
        }

        endpoints.MapGet(
            "/api/services",
            context =>
            {
                var services = archive.Services();
                return FakeAnswer.WriteAsync(
                    context,
                    200,
                    Envelope(services.Count == 0 ? null : FakeAnswer.Strings(services), services.Count),
                    faults
                );
            }
        );
        endpoints.MapGet("/api/traces", SearchAsync);
    }

    private static JsonObject Envelope(JsonNode? data, int total) =>
        new()
        {
            ["data"] = data,
            ["total"] = total,
            ["limit"] = 0,
            ["offset"] = 0,
            ["errors"] = null,
        };

    private static JsonObject Failure(int code, string message) =>
        new()
        {
            ["data"] = null,
            ["total"] = 0,
            ["limit"] = 0,
            ["offset"] = 0,
            ["errors"] = new JsonArray(new JsonObject { ["code"] = code, ["msg"] = message }),
        };

    private static JsonObject Trace(IReadOnlyList<Span> spans)
    {
        var processes = new JsonObject();
        var ids = new Dictionary<Process, string>();
        foreach (var span in spans)
        {
            if (ids.TryAdd(span.Process, $"p{ids.Count + 1}"))
            {
                processes[ids[span.Process]] = new JsonObject
                {
                    ["serviceName"] = span.Process.ServiceName,
                    ["tags"] = Tags(span.Process.Tags),
                };
            }
        }

        return new JsonObject
        {
            ["traceID"] = FakeAnswer.V1Id(spans[0].TraceId),
            ["spans"] = new JsonArray([.. spans.Select(span => (JsonNode)Span(span, ids[span.Process]))]),
            ["processes"] = processes,
            ["warnings"] = null,
        };
    }

    private static JsonObject Span(Span span, string process) =>
        new()
        {
            ["traceID"] = FakeAnswer.V1Id(span.TraceId),
            ["spanID"] = FakeAnswer.Hex(span.SpanId),
            ["operationName"] = span.OperationName,
            ["references"] = new JsonArray([
                .. span.References.Select(reference =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["refType"] = reference.RefType == SpanRefType.ChildOf ? "CHILD_OF" : "FOLLOWS_FROM",
                            ["traceID"] = FakeAnswer.V1Id(reference.TraceId),
                            ["spanID"] = FakeAnswer.Hex(reference.SpanId),
                        }
                ),
            ]),
            ["startTime"] = JaegerTime.UnixNano(span.StartTime) / 1000,
            ["duration"] = JaegerTime.Nanoseconds(span.Duration) / 1000,
            ["tags"] = Tags(span.Tags),
            ["logs"] = new JsonArray([
                .. span.Logs.Select(log =>
                    (JsonNode)new JsonObject { ["timestamp"] = JaegerTime.UnixNano(log.Timestamp) / 1000, ["fields"] = Tags(log.Fields) }
                ),
            ]),
            ["processID"] = process,
            ["warnings"] = null,
        };

    private static JsonArray Tags(IEnumerable<KeyValue> tags) =>
        new([
            .. tags.Select(tag =>
                (JsonNode)(
                    tag.VType == ValueType.Int64
                        ? new JsonObject
                        {
                            ["key"] = tag.Key,
                            ["type"] = "int64",
                            ["value"] = tag.VInt64,
                        }
                        : new JsonObject
                        {
                            ["key"] = tag.Key,
                            ["type"] = "string",
                            ["value"] = tag.VStr,
                        }
                )
            ),
        ]);

    private async Task SearchAsync(HttpContext context)
    {
        archive.BeginSearch();
        if (faults.Error() is not null)
        {
            await FakeAnswer.WriteAsync(context, 500, Failure(500, "injected by the seed"), faults);
            return;
        }

        var query = context.Request.Query;
        if (query["service"].ToString().Length == 0)
        {
            await FakeAnswer.WriteAsync(context, 400, Failure(400, "parameter 'service' is required"), faults);
            return;
        }

        var search = new FakeSearch(
            query["service"].ToString(),
            long.Parse(query["start"].ToString(), CultureInfo.InvariantCulture) * 1000,
            long.Parse(query["end"].ToString(), CultureInfo.InvariantCulture) * 1000,
            query.ContainsKey("limit") ? int.Parse(query["limit"].ToString(), CultureInfo.InvariantCulture) : 100
        );
        try
        {
            var data = new JsonArray([.. archive.Search(search).Select(trace => (JsonNode)Trace(trace))]);
            await FakeAnswer.WriteAsync(context, 200, Envelope(data, 0), faults);
        }
        catch (ArgumentOutOfRangeException e)
        {
            await FakeAnswer.WriteAsync(context, 500, Failure(500, e.Message), faults);
        }
    }
}
