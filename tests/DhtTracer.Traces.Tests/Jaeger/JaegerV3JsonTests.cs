using System.Text;
using System.Text.Json.Nodes;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.Tests.Otlp;

namespace DhtTracer.Traces.Tests.Jaeger;

public sealed class JaegerV3JsonTests
{
    [Theory]
    [MemberData(nameof(Captures.JaegerV3Json), MemberType = typeof(Captures))]
    public void Every_span_of_a_captured_answer_is_read(string name)
    {
        var bytes = Captures.Read(name);
        var spans = JaegerV3Json.Decode(bytes);
        Assert.Equal(Encoding.UTF8.GetString(bytes).Split("\"spanId\":").Length - 1, spans.Count);
        Assert.Equal(spans.Count, spans.Select(span => (span.TraceId, span.SpanId)).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Captures.JaegerV3Json), MemberType = typeof(Captures))]
    public void A_captured_answer_comes_out_in_the_shape_it_went_in(string name)
    {
        var original = Captures.Read(name);
        var traces = JaegerV3Json.Decode(original).GroupBy(span => span.TraceId).Select(trace => JaegerV3Json.Encode(trace)).ToArray();
        Assert.Equal(
            Groups(original).Order(StringComparer.Ordinal),
            traces.SelectMany(trace => Groups(trace)).Order(StringComparer.Ordinal)
        );
        Assert.All(
            traces,
            trace => Assert.StartsWith("{\"result\":{\"resourceSpans\":[{", Encoding.UTF8.GetString(trace), StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Results_one_after_another_are_all_read()
    {
        var bytes = Captures.Read("jaeger/v2.10/http-v3-traces-snake.200.json");
        var once = JaegerV3Json.Decode(bytes);
        Assert.Equal([.. once, .. once], JaegerV3Json.Decode([.. bytes, (byte)'\n', .. bytes]));
    }

    [Fact]
    public void An_error_of_jaeger_is_quoted()
    {
        var exception = Assert.Throws<TraceFormatException>(() =>
            JaegerV3Json.Decode(Captures.Read("jaeger/v2.10/http-v3-traces.400.json"))
        );
        Assert.Contains("query.start_time_min and query.start_time_max are required", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_is_read()
    {
        var spans = OtlpJson.Decode(Captures.Read("js-libp2p/14-dht-put.otlp-http-json.1.json"));
        Assert.Equal(spans, JaegerV3Json.Decode(JaegerV3Json.Encode(spans)));
    }

    // Resource, scope and span of every span, as text; how many groups a server makes of them is its own affair.
    private static IEnumerable<string> Groups(byte[] answer) =>
        from resourceSpans in JsonNode.Parse(OtlpJsonTree.Normalise(answer))!["result"]!["resourceSpans"]!.AsArray()
        from scopeSpans in resourceSpans!["scopeSpans"]!.AsArray()
        from span in scopeSpans!["spans"]!.AsArray()
        select $"{resourceSpans["resource"]!.ToJsonString()} {scopeSpans["scope"]!.ToJsonString()} {span!.ToJsonString()}";
}
