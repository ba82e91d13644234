using System.Text;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Zipkin;

namespace DhtTracer.Traces.Tests.Zipkin;

public sealed class ZipkinJsonTests
{
    [Fact]
    public void The_example_of_the_api_is_read()
    {
        // zipkin.io/pages/data_model.html, with an error added.
        const string text = """
            [{"traceId":"5982fe77008310cc80f1da5e10147517","name":"get","id":"bd7a977555f6b982","parentId":"ebf33e1a81dc6f71",
             "timestamp":1458702548467000,"duration":386000,
              "kind":"CLIENT","localEndpoint":{"serviceName":"zipkin-query","ipv4":"192.168.1.2","port":9411},
              "remoteEndpoint":{"serviceName":"spanstore","ipv4":"127.0.0.1","port":9042},"debug":true,"shared":false,
              "annotations":[{"timestamp":1458702548478000,"value":"cassandra.query"}],"tags":{"jdbc.query":"select","error":"timed out"}},
             {"traceId":"80f1da5e10147517","id":"1","name":"unfinished","timestamp":1458702548467000}]
            """;
        var spans = ZipkinJson.Decode(Encoding.UTF8.GetBytes(text));
        var span = spans[0];
        Assert.Equal(new TraceId(0x5982FE77008310CC, 0x80F1DA5E10147517), span.TraceId);
        Assert.Equal((new SpanId(0xBD7A977555F6B982), new SpanId(0xEBF33E1A81DC6F71), "get"), (span.SpanId, span.ParentSpanId, span.Name));
        Assert.Equal((1458702548467000000UL, 1458702548853000000UL), (span.StartUnixNano, span.EndUnixNano));
        Assert.Equal((SpanKind.Client, new SpanStatus(StatusCode.Error, "timed out")), (span.Kind, span.Status));
        Assert.Equal(
            AttributeList.Of(
                ("peer.service", "spanstore"),
                ("net.peer.ip", "127.0.0.1"),
                ("net.peer.port", "9042"),
                ("zipkin.debug", true),
                ("jdbc.query", "select")
            ),
            span.Attributes
        );
        Assert.Equal(
            AttributeList.Of(("service.name", "zipkin-query"), ("net.host.ip", "192.168.1.2"), ("net.host.port", "9411")),
            span.Resource.Attributes
        );
        Assert.Equal(new SpanEvent { TimeUnixNano = 1458702548478000000, Name = "cassandra.query" }, Assert.Single(span.Events));
        Assert.Equal(new TraceId(0, 0x80F1DA5E10147517), spans[1].TraceId);
        Assert.Equal((1458702548467000000UL, 0UL), (spans[1].StartUnixNano, spans[1].EndUnixNano));
    }

    [Fact]
    public void Tags_that_describe_the_sender_belong_to_its_resource()
    {
        var text =
            """
            [{"traceId":"1","id":"1","localEndpoint":{"serviceName":"Kubo"},
              "tags":{"service.version":"0.43.1","host.name":"box","telemetry.sdk.language":"go","key":"bafy","process.step":"2"}}]
            """u8;
        var span = Assert.Single(ZipkinJson.Decode(text));
        Assert.Equal(AttributeList.Of(("key", "bafy"), ("process.step", "2")), span.Attributes);
        Assert.Equal(
            AttributeList.Of(
                ("service.name", "Kubo"),
                ("service.version", "0.43.1"),
                ("host.name", "box"),
                ("telemetry.sdk.language", "go")
            ),
            span.Resource.Attributes
        );
    }

    [Fact]
    public void A_span_without_a_valid_id_is_rejected_and_its_neighbour_taken()
    {
        var text = "[{\"traceId\":\"z\",\"id\":\"1\"},{\"traceId\":\"1\",\"id\":\"1\"}]"u8;
        var rejected = new List<RejectedSpan>();
        Assert.Single(ZipkinJson.Decode(text, rejected));
        Assert.Equal(1, Assert.Single(rejected).Offset);
        Assert.Throws<TraceFormatException>(() => ZipkinJson.Decode("[{\"traceId\":\"z\",\"id\":\"1\"}]"u8));
    }

    [Theory]
    [InlineData("{}", 0)]
    [InlineData("[1]", 1)]
    [InlineData("[{\"timestamp\":\"soon\"}]", 14)]
    public void An_error_names_the_place(string text, long offset) =>
        Assert.Equal(offset, Assert.Throws<TraceFormatException>(() => ZipkinJson.Decode(Encoding.UTF8.GetBytes(text))).Offset);

    [Fact]
    public void Spoiled_documents_give_format_errors_only() =>
        Mutations.OnlyFormatErrors(
            Captures.Read("js-libp2p/other/25-dht-findProviders-dead-peers.zipkin.2.json"),
            input => ZipkinJson.Decode(input)
        );
}
