using System.Text;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Otlp;

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
        var exception = Assert.Throws<TraceFormatException>(() => JaegerV3Json.Decode(Captures.Read("jaeger/v2.10/http-v3-traces.400.json")));
        Assert.Contains("query.start_time_min and query.start_time_max are required", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_is_read()
    {
        var spans = OtlpJson.Decode(Captures.Read("js-libp2p/14-dht-put.otlp-http-json.1.json"));
        Assert.Equal(spans, JaegerV3Json.Decode(JaegerV3Json.Encode(spans)));
    }
}
