using DhtTracer.TestSupport;
using DhtTracer.TestSupport.Jaeger;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Thrift;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Traces.Tests.Jaeger;

public sealed class JaegerThriftTests
{
    [Theory]
    [InlineData(ThriftProtocol.Binary)]
    [InlineData(ThriftProtocol.Compact)]
    public void Arbitrary_spans_survive_as_batch_and_as_message_but_for_what_the_table_names(ThriftProtocol protocol) =>
        Check.QuickThrowOnFailure(
            Prop.ForAll<int>(async seed =>
            {
                var spans = ArbitrarySpans.Spans(seed).Select(InMicroseconds).ToArray();
                var bare = await ThriftSender.BatchesAsync(spans, protocol);
                var calls = await ThriftSender.EmitBatchCallsAsync(spans, protocol);
                foreach (var batches in new[] { bare, calls })
                {
                    var decoded = batches.SelectMany(batch => JaegerThrift.Decode(batch, protocol)).OrderBy(span => span.SpanId).ToArray();
                    Assert.Equal(spans.Length, decoded.Length);
                    Assert.All(
                        spans.OrderBy(span => span.SpanId).Zip(decoded),
                        pair => JaegerComparison.AssertSurvived(pair.First, pair.Second)
                    );
                }
            })
        );

    [Fact]
    public void A_compact_message_written_by_hand_from_the_specification_is_read()
    {
        // thrift-compact-protocol.md: 82, type << 5 | version; a field is (id difference << 4) | type; integers are zigzag varints.
        var message = Convert.FromHexString(
            string.Concat(
                "82",
                "81",
                "00",
                "09",
                Hex("emitBatch"), // Oneway (4 << 5 | 1), sequence 0, name.
                "1C", // Argument 1, struct Batch.
                "1C",
                "18",
                "04",
                Hex("kubo"),
                "00", // Field 1: Process { 1: "kubo" }.
                "19",
                "1C", // Field 2: a list of one struct.
                "16",
                "03", // 1 traceIdLow = -2.
                "16",
                "02", // 2 traceIdHigh = 1.
                "16",
                "0A", // 3 spanId = 5.
                "16",
                "08", // 4 parentSpanId = 4.
                "18",
                "03",
                Hex("get"), // 5 operationName.
                "25",
                "02", // 7 flags = 1 (two further than 5).
                "16",
                "D086 03".Replace(" ", "", StringComparison.Ordinal), // 8 startTime = 25000 (zigzag 50000 = D0 86 03).
                "16",
                "28", // 9 duration = 20.
                "19",
                "2C", // 10 tags: a list of two structs.
                "18",
                "01",
                Hex("b"),
                "15",
                "04",
                "31",
                "00", // key "b", vType 2 (BOOL), field 5 true: the type is the value.
                "18",
                "01",
                Hex("d"),
                "15",
                "02",
                "27",
                "000000000000E03F",
                "00", // key "d", vType 1 (DOUBLE), field 4: 0.5, little endian.
                "00", // End of the span.
                "00", // End of the batch.
                "00"
            )
        ); // End of the arguments.
        var span = Assert.Single(JaegerThrift.Decode(message, ThriftProtocol.Compact));
        Assert.Equal(new TraceId(1, 0xFFFFFFFFFFFFFFFE), span.TraceId);
        Assert.Equal((new SpanId(5), new SpanId(4), "get", 1u), (span.SpanId, span.ParentSpanId, span.Name, span.Flags));
        Assert.Equal((25_000_000UL, 25_020_000UL), (span.StartUnixNano, span.EndUnixNano));
        Assert.Equal(AttributeList.Of(("b", true), ("d", 0.5)), span.Attributes);
        Assert.Equal("kubo", span.Resource.ServiceName);
        Assert.Equal(TraceFormat.JaegerThriftCompact, TraceFormatDetector.Detect(message));
    }

    [Fact]
    public async Task A_compact_batch_without_a_message_around_it_is_recognised()
    {
        var batch = (await ThriftSender.BatchesAsync(ArbitrarySpans.Spans(8), ThriftProtocol.Compact))[0];
        Assert.Equal(TraceFormat.JaegerThriftCompact, TraceFormatDetector.Detect(batch));
    }

    [Fact]
    public void A_call_of_another_method_is_an_error_that_names_it()
    {
        var message = Convert.FromHexString("80010004" + "0000000F" + Hex("emitZipkinBatch") + "00000000" + "00");
        var exception = Assert.Throws<TraceFormatException>(() => JaegerThrift.Decode(message, ThriftProtocol.Binary));
        Assert.Contains("emitZipkinBatch", exception.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ThriftProtocol.Binary, "0F00020C7FFFFFFF", "length of at most 0")] // A list of 2^31-1 spans and nothing after it.
    [InlineData(ThriftProtocol.Binary, "0F00020C0000000100", "traceIdLow")] // A span without ids.
    [InlineData(ThriftProtocol.Binary, "0F00020800000001", "length of at most 0")]
    [InlineData(ThriftProtocol.Binary, "0F0002080000000100000000", "list of structs")]
    [InlineData(ThriftProtocol.Binary, "80020001", "80 01")]
    [InlineData(ThriftProtocol.Compact, "29FCFFFFFFFF0F", "length of at most")]
    [InlineData(ThriftProtocol.Compact, "1D", "a type from 1 to 12")]
    public void An_error_says_what_was_expected(ThriftProtocol protocol, string hex, string problem)
    {
        var exception = Assert.Throws<TraceFormatException>(() => JaegerThrift.Decode(Convert.FromHexString(hex), protocol));
        Assert.Contains(problem, exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Structs_nested_without_end_are_an_error_and_no_overflow_of_the_stack()
    {
        var binary = Enumerable.Repeat<byte[]>([0x0C, 0x00, 0x09], 100_000).SelectMany(part => part).ToArray();
        Assert.Throws<TraceFormatException>(() => JaegerThrift.Decode(binary, ThriftProtocol.Binary));
        Assert.Throws<TraceFormatException>(() =>
            JaegerThrift.Decode(Enumerable.Repeat((byte)0x9C, 100_000).ToArray(), ThriftProtocol.Compact)
        );
    }

    [Theory]
    [InlineData(ThriftProtocol.Binary)]
    [InlineData(ThriftProtocol.Compact)]
    public async Task Spoiled_batches_give_format_errors_only(ThriftProtocol protocol)
    {
        var spans = JaegerThrift.Decode(
            Captures.Read("js-libp2p/other/25-dht-findProviders-dead-peers.jaeger-exporter-http.1.thrift"),
            ThriftProtocol.Binary
        );
        var call = (await ThriftSender.EmitBatchCallsAsync(spans, protocol))[0];
        Mutations.OnlyFormatErrors(call, input => JaegerThrift.Decode(input, protocol));
    }

    // Thrift's times are whole microseconds, so the start, the end and the events of these spans are too; an end before the start is kept.
    private static Span InMicroseconds(Span span) =>
        span with
        {
            StartUnixNano = span.StartUnixNano / 1000 * 1000,
            EndUnixNano = span.EndUnixNano / 1000 * 1000,
            Events = [.. span.Events.Select(one => one with { TimeUnixNano = one.TimeUnixNano / 1000 * 1000 })],
        };

    private static string Hex(string text) => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(text));
}
