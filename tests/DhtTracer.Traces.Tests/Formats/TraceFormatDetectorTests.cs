using System.IO.Compression;
using System.Text;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Tests.Formats;

public sealed class TraceFormatDetectorTests
{
    [Fact]
    public void Every_capture_is_recognised_also_by_its_first_4096_bytes()
    {
        var expected = new (string Folder, string Pattern, TraceFormat Format)[]
        {
            ("js-libp2p", "*.otlp-http-json.*.json", TraceFormat.OtlpJson),
            ("js-libp2p/other", "*.pb", TraceFormat.OtlpProtobuf),
            ("js-libp2p/other", "*.thrift", TraceFormat.JaegerThriftBinary),
            ("js-libp2p/other", "*.zipkin.*.json", TraceFormat.ZipkinJson),
            ("jaeger/v1.60", "http-v1-traces.200.json", TraceFormat.JaegerJson),
            ("jaeger/v2.10", "http-v1-traces.200.json", TraceFormat.JaegerJson),
            ("jaeger/v1.60", "http-v3-traces-snake.200.json", TraceFormat.JaegerV3Json),
            ("jaeger/v2.10", "http-v3-traces-snake.200.json", TraceFormat.JaegerV3Json),
        };
        foreach (var (folder, pattern, format) in expected)
        {
            foreach (var name in Captures.Names(folder, pattern))
            {
                var bytes = Captures.Read(name);
                Assert.Equal((name, format), (name, TraceFormatDetector.Detect(bytes)));
                Assert.Equal((name, format), (name, TraceFormatDetector.Detect(bytes.AsSpan(0, Math.Min(4096, bytes.Length)))));
            }
        }
    }

    [Fact]
    public void The_event_log_of_2019_is_recognised_as_events_and_as_lines()
    {
        const string line =
            "{\"Peer\":\"Qm\",\"time\":\"2019-07-25T01:26:20Z\"}\n{\"QueryRunner\":{\"CurrTime\":\"2019-07-24\"},"
            + "\"event\":\"dhtQueryRunner.Run.Start\"}\n";
        Assert.Equal(TraceFormat.EventLogJsonLines, Detect(line));
        Assert.Equal(TraceFormat.EventLogServerSentEvents, Detect("\r\ndata: " + line));
        Assert.Equal(TraceFormat.EventLogServerSentEvents, Detect(": ping\n\ndata: {}\n"));
        if (TestFiles.Shared("eventlog", "eventlog_sample1.txt") is { } sample)
        {
            Assert.Equal(TraceFormat.EventLogServerSentEvents, TraceFormatDetector.Detect(File.ReadAllBytes(sample)));
        }
    }

    [Fact]
    public void Documents_in_lines_are_told_from_one_document()
    {
        const string document = "{\"resourceSpans\":[{\"resource\":{}}]}";
        Assert.Equal(TraceFormat.OtlpJson, Detect(document + "\n"));
        Assert.Equal(TraceFormat.OtlpJsonLines, Detect(document + "\n" + document));
        Assert.Equal(TraceFormat.OtlpJson, Detect("\uFEFF{\n  \"resourceSpans\": ["));
    }

    [Fact]
    public void Gzip_is_recognised()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write("{}"u8);
        }

        Assert.Equal(TraceFormat.Gzip, TraceFormatDetector.Detect(packed.ToArray()));
    }

    [Fact]
    public void A_grpc_body_is_recognised()
    {
        var message = Captures.Read("js-libp2p/other/14-dht-put.otlp-grpc.1.pb");
        byte[] body = [0, 0, (byte)(message.Length >> 16), (byte)(message.Length >> 8), (byte)message.Length, .. message];
        Assert.Equal(TraceFormat.OtlpGrpc, TraceFormatDetector.Detect(body));
        Assert.Equal(TraceFormat.OtlpGrpc, TraceFormatDetector.Detect([1, 0, 0, 0, 20, 0x1F, 0x8B, 8, 0]));
    }

    [Fact]
    public void Protobuf_that_begins_like_a_line_break_and_a_brace_is_protobuf()
    {
        // 0A 7B is field 1 of 123 bytes, and also "\n{".
        var span = OtlpJson.Decode(
            "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"5b8efff798038103d269b633813fc60c\","u8
                + "\"spanId\":\"eee19b7ec3c1b174\"}]}]}]}"u8
        )[0];
        var padding = Enumerable
            .Range(0, 123)
            .First(length => OtlpProtobuf.Encode([span with { Name = new string('n', length) }])[1] == 0x7B);
        Assert.Equal(
            TraceFormat.OtlpProtobuf,
            TraceFormatDetector.Detect(OtlpProtobuf.Encode([span with { Name = new string('n', padding) }]))
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("[1,2]")]
    [InlineData("{\"a\":1}")]
    [InlineData("\u0001\u0002\u0003\u0004\u0005\u0006\u0007")]
    public void What_is_none_of_them_is_unknown(string text) => Assert.Equal(TraceFormat.Unknown, Detect(text));

    [Fact]
    public void Random_bytes_and_cut_captures_never_throw()
    {
        var random = new Random(7);
        var json = Captures.Read(Captures.Names("js-libp2p", "01*.json")[0]);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = new byte[random.Next(0, 40)];
            random.NextBytes(bytes);
            TraceFormatDetector.Detect(bytes);
            TraceFormatDetector.Detect(json.AsSpan(0, round));
        }
    }

    private static TraceFormat Detect(string text) => TraceFormatDetector.Detect(Encoding.UTF8.GetBytes(text));
}
