using System.Globalization;
using System.Text.Json.Nodes;
using DhtTracer.Traces.Jaeger.Proto;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ValueType = DhtTracer.Traces.Jaeger.Proto.ValueType;

namespace DhtTracer.FakeJaeger;

/// <summary>The JSON of <c>/api/v3</c>: OTLP in an envelope, written without the product's own codec.</summary>
internal sealed class FakeHttpV3(FakeArchive archive, FakeFaults faults, FakeJaegerOptions options)
{
    private static readonly string[] Kinds = ["", "internal", "server", "client", "producer", "consumer"];

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(
            "/api/v3/services",
            context => FakeAnswer.WriteAsync(context, 200, new JsonObject { ["services"] = FakeAnswer.Strings(archive.Services()) }, faults)
        );
        endpoints.MapGet("/api/v3/traces", SearchAsync);
        endpoints.MapGet("/api/v3/traces/{id}", TraceAsync);
        if (options.Release == JaegerRelease.Later)
        {
            endpoints.MapGet("/api/v3/trace-summaries", SearchAsync);
        }
    }

    private static JsonObject Failure(int code, string message) =>
        new()
        {
            ["error"] = new JsonObject { ["httpCode"] = code, ["message"] = message },
        };

    private static JsonObject Result(IReadOnlyList<Span> trace) =>
        new()
        {
            ["result"] = new JsonObject
            {
                ["resourceSpans"] = new JsonArray([
                    .. trace
                        .GroupBy(span => span.Process)
                        .Select(group =>
                            (JsonNode)
                                new JsonObject
                                {
                                    ["resource"] = new JsonObject
                                    {
                                        ["attributes"] = Attributes([
                                            new KeyValue { Key = "service.name", VStr = group.Key.ServiceName },
                                            .. group.Key.Tags,
                                        ]),
                                    },
                                    ["scopeSpans"] = new JsonArray(
                                        new JsonObject
                                        {
                                            ["scope"] = new JsonObject(),
                                            ["spans"] = new JsonArray([.. group.Select(span => (JsonNode)Span(span))]),
                                        }
                                    ),
                                }
                        ),
                ]),
            },
        };

    private static JsonNode Summary(IReadOnlyList<Span> trace) =>
        new JsonObject
        {
            ["traceId"] = FakeAnswer.Hex(trace[0].TraceId),
            ["minStartTimeUnixNano"] = trace.Min(span => JaegerTime.UnixNano(span.StartTime)).ToString(CultureInfo.InvariantCulture),
            ["spanCount"] = trace.Count,
        };

    private static JsonObject Span(Span span)
    {
        var parent = span.References.FirstOrDefault(reference => reference.RefType == SpanRefType.ChildOf);
        var start = JaegerTime.UnixNano(span.StartTime);
        return new JsonObject
        {
            ["traceId"] = FakeAnswer.Hex(span.TraceId),
            ["spanId"] = FakeAnswer.Hex(span.SpanId),
            ["parentSpanId"] = parent is null ? "" : FakeAnswer.Hex(parent.SpanId),
            ["name"] = span.OperationName,
            ["kind"] = Array.IndexOf(Kinds, span.Tags.FirstOrDefault(tag => tag.Key == "span.kind")?.VStr ?? ""),
            ["startTimeUnixNano"] = start.ToString(CultureInfo.InvariantCulture),
            ["endTimeUnixNano"] = (start + JaegerTime.Nanoseconds(span.Duration)).ToString(CultureInfo.InvariantCulture),
            ["attributes"] = Attributes(span.Tags.Where(tag => tag.Key != "span.kind")),
            ["status"] = new JsonObject(),
        };
    }

    private static JsonArray Attributes(IEnumerable<KeyValue> tags) =>
        new([
            .. tags.Select(tag =>
                (JsonNode)
                    new JsonObject
                    {
                        ["key"] = tag.Key,
                        ["value"] =
                            tag.VType == ValueType.Int64
                                ? new JsonObject { ["intValue"] = tag.VInt64.ToString(CultureInfo.InvariantCulture) }
                                : new JsonObject { ["stringValue"] = tag.VStr },
                    }
            ),
        ]);

    private static long Nanoseconds(string time)
    {
        // RFC 3339 with up to nine digits of a second, of which DateTimeOffset keeps seven.
        var dot = time.IndexOf('.', StringComparison.Ordinal);
        var end = time.IndexOf('Z', StringComparison.Ordinal);
        var whole = DateTimeOffset.Parse(dot < 0 ? time : string.Concat(time.AsSpan(0, dot), "Z"), CultureInfo.InvariantCulture);
        return (whole.ToUnixTimeSeconds() * 1_000_000_000)
            + (dot < 0 ? 0 : long.Parse(time[(dot + 1)..end].PadRight(9, '0'), CultureInfo.InvariantCulture));
    }

    private Task TraceAsync(HttpContext context)
    {
        var id = ByteString.CopyFrom(Convert.FromHexString((string)context.Request.RouteValues["id"]!));
        return archive.Trace(id) is { } trace
            ? FakeAnswer.WriteAsync(context, 200, Result(trace), faults)
            : FakeAnswer.WriteAsync(context, 404, Failure(404, "No traces found"), faults);
    }

    private async Task SearchAsync(HttpContext context)
    {
        archive.BeginSearch();
        if (faults.Error() is not null)
        {
            await FakeAnswer.WriteAsync(context, 500, Failure(500, "injected by the seed"), faults);
            return;
        }

        string? Parameter(string snake, string camel) =>
            context.Request.Query.TryGetValue($"query.{snake}", out var value) ? value.ToString()
            : options.Release == JaegerRelease.Later && context.Request.Query.TryGetValue($"query.{camel}", out value) ? value.ToString()
            : null;

        var from = Parameter("start_time_min", "startTimeMin");
        var to = Parameter("start_time_max", "startTimeMax");
        if (from is null || to is null)
        {
            await FakeAnswer.WriteAsync(context, 400, Failure(400, "query.start_time_min and query.start_time_max are required"), faults);
            return;
        }

        var depth = Parameter(options.Release == JaegerRelease.Later ? "search_depth" : "num_traces", "searchDepth") ?? "100";
        var search = new FakeSearch(
            Parameter("service_name", "serviceName") ?? "",
            Nanoseconds(from),
            Nanoseconds(to),
            int.Parse(depth, CultureInfo.InvariantCulture)
        );
        try
        {
            var found = archive.Search(search);
            if (context.Request.Path.Value!.EndsWith("/trace-summaries", StringComparison.Ordinal))
            {
                await FakeAnswer.WriteAsync(
                    context,
                    200,
                    new JsonObject { ["summaries"] = new JsonArray([.. found.Select(Summary)]) },
                    faults
                );
                return;
            }

            if (found.Count == 0)
            {
                await FakeAnswer.WriteAsync(context, 404, Failure(404, "No traces found"), faults);
                return;
            }

            // One result after another, as a streaming gateway writes them.
            await FakeAnswer.WriteAsync(context, 200, found.Select(Result), faults);
        }
        catch (ArgumentOutOfRangeException e)
        {
            await FakeAnswer.WriteAsync(context, 500, Failure(500, e.Message), faults);
        }
    }
}
