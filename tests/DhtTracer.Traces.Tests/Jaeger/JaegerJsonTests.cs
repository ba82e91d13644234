using System.Text;
using System.Text.Json.Nodes;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Tests.Jaeger;

public sealed class JaegerJsonTests
{
    [Theory]
    [MemberData(nameof(Captures.JaegerJson), MemberType = typeof(Captures))]
    public void A_captured_answer_comes_out_as_it_went_in_but_for_the_names_of_the_scope(string name)
    {
        var original = JsonNode.Parse(Captures.Read(name))!;
        var encoded = JsonNode.Parse(JaegerJson.Encode(JaegerJson.Decode(Captures.Read(name))))!;
        Assert.Equal(Normalised(original), Normalised(encoded));
    }

    [Fact]
    public void Tags_of_every_type_logs_references_and_warnings_are_read()
    {
        const string text = """
            {"data":[{"traceID":"1f","spans":[{"traceID":"1f","spanID":"2","operationName":"op","flags":1,
              "references":[{"refType":"FOLLOWS_FROM","traceID":"1f","spanID":"9"},{"refType":"CHILD_OF","traceID":"1f","spanID":"3"},
               {"refType":"CHILD_OF","traceID":"2f","spanID":"4"}],
              "startTime":1500000000000001,"duration":7,
              "tags":[{"value":"9007199254740993","type":"int64","key":"big"},{"key":"b","type":"binary","value":"AQI="},
                {"key":"f","type":"float64","value":1},
                {"key":"t","type":"bool","value":true},{"key":"untyped","value":3},{"key":"span.kind","type":"string","value":"server"},
                {"key":"error","type":"bool","value":true},
                {"key":"otel.status_description","type":"string","value":"broken"},{"key":"w3c.tracestate","type":"string","value":"a=b"}],
              "logs":[{"timestamp":1500000000000003,"fields":[{"key":"event","type":"string","value":"e"},
                {"key":"n","type":"int64","value":5}]}],
              "processID":"p1","warnings":["clock skew"]}],
             "processes":{"p1":{"serviceName":"s","tags":[{"key":"hostname","type":"string","value":"h"}]}}}],
              "total":0,"limit":0,"offset":0,"errors":null}
            """;
        var span = Assert.Single(JaegerJson.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Equal((new TraceId(0, 0x1F), new SpanId(2), new SpanId(3)), (span.TraceId, span.SpanId, span.ParentSpanId));
        Assert.Equal((1500000000000001000UL, 1500000000000008000UL, 1u), (span.StartUnixNano, span.EndUnixNano, span.Flags));
        Assert.Equal(
            AttributeList.Of(
                ("big", 9007199254740993L),
                ("b", new BytesValue([1, 2])),
                ("f", 1.0),
                ("t", true),
                ("untyped", 3L),
                ("@jaeger@warnings", new ArrayValue(["clock skew"]))
            ),
            span.Attributes
        );
        Assert.Equal((SpanKind.Server, new SpanStatus(StatusCode.Error, "broken"), "a=b"), (span.Kind, span.Status, span.TraceState));
        Assert.Equal(
            new SpanEvent
            {
                TimeUnixNano = 1500000000000003000,
                Name = "e",
                Attributes = AttributeList.Of(("n", 5L)),
            },
            Assert.Single(span.Events)
        );
        Assert.Equal(
            [
                new SpanLink { TraceId = new TraceId(0, 0x1F), SpanId = new SpanId(9) },
                new SpanLink
                {
                    TraceId = new TraceId(0, 0x2F),
                    SpanId = new SpanId(4),
                    Attributes = AttributeList.Of(("opentracing.ref_type", "child_of")),
                },
            ],
            span.Links
        );
        Assert.Equal(AttributeList.Of(("service.name", "s"), ("hostname", "h")), span.Resource.Attributes);
    }

    [Fact]
    public void A_bare_trace_and_an_array_of_traces_are_read()
    {
        const string trace =
            "{\"traceID\":\"1\",\"processes\":{\"p\":{\"serviceName\":\"s\"}},\"spans\":[{\"traceID\":\"1\","
            + "\"spanID\":\"2\",\"processID\":\"p\"}]}";
        Assert.Equal("s", Assert.Single(JaegerJson.Decode(Encoding.UTF8.GetBytes(trace))).Resource.ServiceName);
        Assert.Equal(2, JaegerJson.Decode(Encoding.UTF8.GetBytes($"[{trace},{trace}]")).Count);
        Assert.Empty(JaegerJson.Decode("{\"data\":[],\"errors\":null}"u8));
    }

    [Fact]
    public void An_error_of_jaeger_is_quoted()
    {
        var exception = Assert.Throws<TraceFormatException>(() =>
            JaegerJson.Decode(Captures.Read("jaeger/v1.60/http-v1-trace-unknown.404.json"))
        );
        Assert.Contains("trace not found", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_span_of_an_unknown_process_is_an_error_at_its_place()
    {
        const string text = "{\"data\":[{\"spans\":[\n{\"traceID\":\"1\",\"spanID\":\"2\",\"processID\":\"p7\"}],\"processes\":{}}]}";
        var exception = Assert.Throws<TraceFormatException>(() => JaegerJson.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Equal((20L, 2L), (exception.Offset, exception.Line));
        Assert.Contains("p7", exception.Problem, StringComparison.Ordinal);
    }

    // Tags are compared as a set, the old names of the scope under the new ones.
    private static string Normalised(JsonNode node)
    {
        foreach (var span in node["data"]!.AsArray().SelectMany(trace => trace!["spans"]!.AsArray()))
        {
            foreach (var tag in span!["tags"]!.AsArray())
            {
                tag!["key"] = tag["key"]!.GetValue<string>().Replace("otel.library.", "otel.scope.", StringComparison.Ordinal);
            }

            span["tags"] = new JsonArray([
                .. span["tags"]!
                    .AsArray()
                    .OrderBy(tag => tag!["key"]!.GetValue<string>(), StringComparer.Ordinal)
                    .Select(tag => tag!.DeepClone()),
            ]);
        }

        return node.ToJsonString();
    }
}
