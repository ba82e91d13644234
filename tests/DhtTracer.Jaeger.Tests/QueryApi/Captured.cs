using System.Buffers.Binary;
using System.Text.Json.Nodes;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using Model = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>Answers captured from real servers, and forms of them that do not depend on an order that Jaeger does not promise.</summary>
internal static class Captured
{
    /// <summary>A captured answer. v1.60 gives the scope's tags their old names, which are read but not written here; that one difference
    /// is put aside.</summary>
    public static JsonNode Json(string release, string file) =>
        JsonNode.Parse(
            File.ReadAllText(TestFiles.Data("jaeger", release, file)).Replace("otel.library.", "otel.scope.", StringComparison.Ordinal)
        )!;

    public static IReadOnlyList<Span> V1Spans(string release) =>
        JaegerJson.Decode(File.ReadAllBytes(TestFiles.Data("jaeger", release, "http-v1-traces.200.json")));

    public static IReadOnlyList<Span> V3Spans(string release) =>
        JaegerV3Json.Decode(File.ReadAllBytes(TestFiles.Data("jaeger", release, "http-v3-traces-snake.200.json")));

    /// <summary>A captured gRPC answer of one message.</summary>
    public static T Grpc<T>(string release, string file, Google.Protobuf.MessageParser<T> parser)
        where T : Google.Protobuf.IMessage<T>
    {
        var bytes = File.ReadAllBytes(TestFiles.Data("jaeger", release, file)).AsSpan();
        Assert.Equal(5 + BinaryPrimitives.ReadInt32BigEndian(bytes[1..]), bytes.Length);
        return parser.ParseFrom(bytes[5..]);
    }

    /// <summary>The spans of a captured gRPC stream: length-prefixed <c>SpansResponseChunk</c>s.</summary>
    public static IReadOnlyList<Model.Span> GrpcSpans(string release)
    {
        var bytes = File.ReadAllBytes(TestFiles.Data("jaeger", release, "grpc-FindTraces-raw.bin")).AsSpan();
        var spans = new List<Model.Span>();
        while (bytes.Length > 0)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
            spans.AddRange(Model.SpansResponseChunk.Parser.ParseFrom(bytes.Slice(5, length)).Spans);
            bytes = bytes[(5 + length)..];
        }

        return spans;
    }

    /// <summary>v1 spans by id, tags sorted, the process put in place of its number.</summary>
    public static SortedDictionary<string, string> V1ById(JsonNode answer)
    {
        var byId = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var trace in answer["data"]!.AsArray())
        {
            foreach (var node in trace!["spans"]!.AsArray())
            {
                var span = node!.DeepClone().AsObject();
                span["process"] = Sorted(trace["processes"]![span["processID"]!.GetValue<string>()]!, "tags");
                span.Remove("processID");
                byId[$"{trace["traceID"]}-{span["spanID"]}"] = Sorted(span, "tags").ToJsonString();
            }
        }

        return byId;
    }

    /// <summary>v3 spans by id, attributes sorted, resource and scope beside them.</summary>
    public static SortedDictionary<string, string> V3ById(JsonNode answer)
    {
        var byId = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var resource in answer["result"]!["resourceSpans"]!.AsArray())
        {
            foreach (var scope in resource!["scopeSpans"]!.AsArray())
            {
                foreach (var node in scope!["spans"]!.AsArray())
                {
                    var span = Sorted(node!, "attributes").AsObject();
                    if (span["parentSpanId"]?.GetValue<string>().Length == 0)
                    {
                        // v1.60 writes a root's empty parent, v2.10 leaves it out; the same in proto3.
                        span.Remove("parentSpanId");
                    }

                    span["resource"] = Sorted(resource["resource"]!, "attributes");
                    span["scope"] = scope["scope"]?.DeepClone();
                    byId[$"{span["traceId"]}-{span["spanId"]}"] = Keyed(span).ToJsonString();
                }
            }
        }

        return byId;
    }

    /// <summary>gRPC spans by id, tags sorted.</summary>
    public static SortedDictionary<string, string> GrpcById(IEnumerable<Model.Span> spans)
    {
        var byId = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var span in spans)
        {
            var copy = span.Clone();
            foreach (var tag in copy.Tags)
            {
                tag.Key = tag.Key.Replace("otel.library.", "otel.scope.", StringComparison.Ordinal);
            }

            Sort(copy.Tags);
            Sort(copy.Process.Tags);
            byId[Convert.ToHexStringLower(span.TraceId.Span) + Convert.ToHexStringLower(span.SpanId.Span)] = copy.ToString();
        }

        return byId;
    }

    private static void Sort(Google.Protobuf.Collections.RepeatedField<Model.KeyValue> tags)
    {
        var sorted = tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).ThenBy(tag => tag.ToString(), StringComparer.Ordinal).ToList();
        tags.Clear();
        tags.AddRange(sorted);
    }

    private static JsonNode Sorted(JsonNode owner, string list)
    {
        var copy = owner.DeepClone();
        if (copy[list] is JsonArray items)
        {
            copy[list] = new JsonArray([
                .. items
                    .Select(item => item!.DeepClone())
                    .OrderBy(item => item["key"]!.GetValue<string>(), StringComparer.Ordinal)
                    .ThenBy(item => item.ToJsonString(), StringComparer.Ordinal),
            ]);
        }

        return Keyed(copy.AsObject());
    }

    private static JsonObject Keyed(JsonObject node) =>
        new(node.OrderBy(item => item.Key, StringComparer.Ordinal).Select(item => KeyValuePair.Create(item.Key, item.Value?.DeepClone())));
}
