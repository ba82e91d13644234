using System.IO.Pipelines;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Export;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.Tests.Jaeger;

namespace DhtTracer.Traces.Tests.Export;

public sealed class TraceWriterTests
{
    private static readonly Span[][] SomeTraces =
    [
        .. Enumerable
            .Range(0, 20)
            .SelectMany(seed => ArbitrarySpans.Spans(seed).GroupBy(span => span.TraceId))
            .Select(trace => trace.ToArray()),
    ];

    [Theory]
    [InlineData(TraceExportFormat.OtlpJson, TraceFormat.OtlpJson)]
    [InlineData(TraceExportFormat.JaegerV3Json, TraceFormat.JaegerV3Json)]
    [InlineData(TraceExportFormat.OtlpJsonLines, TraceFormat.OtlpJsonLines)]
    [InlineData(TraceExportFormat.OtlpProtobuf, TraceFormat.OtlpProtobuf)]
    public async Task What_is_exported_as_otlp_is_recognised_and_read_back_whole(TraceExportFormat format, TraceFormat recognised)
    {
        var bytes = await WriteAsync(format, SomeTraces);
        Assert.Equal(recognised, TraceFormatDetector.Detect(bytes));
        var decoded = format switch
        {
            TraceExportFormat.OtlpJson => OtlpJson.Decode(bytes),
            TraceExportFormat.JaegerV3Json => JaegerV3Json.Decode(bytes),
            TraceExportFormat.OtlpJsonLines => OtlpJson.DecodeLines(bytes),
            _ => OtlpProtobuf.Decode(bytes),
        };
        Assert.Equal(Ordered(SomeTraces.SelectMany(trace => trace)), Ordered(decoded));
    }

    [Fact]
    public async Task What_is_exported_as_jaeger_json_is_recognised_and_read_back()
    {
        var spans = OtlpJson.Decode(Captures.Read("js-libp2p/21-nested-under-app-span.otlp-http-json.1.json"));
        var bytes = await WriteAsync(
            TraceExportFormat.JaegerJson,
            [
                [.. spans],
                [.. OtlpJson.Decode(Captures.Read("js-libp2p/14-dht-put.otlp-http-json.1.json"))],
            ]
        );
        Assert.Equal(TraceFormat.JaegerJson, TraceFormatDetector.Detect(bytes));
        var decoded = JaegerJson.Decode(bytes);
        Assert.Equal(23 + 42, decoded.Count);
        Assert.All(
            spans.Zip(decoded),
            pair =>
                JaegerComparison.AssertSurvived(
                    pair.First,
                    pair.Second with
                    {
                        StartUnixNano = pair.First.StartUnixNano,
                        EndUnixNano = pair.First.EndUnixNano,
                        Events =
                        [
                            .. pair.Second.Events.Zip(
                                pair.First.Events,
                                (after, before) => after with { TimeUnixNano = before.TimeUnixNano }
                            ),
                        ],
                    }
                )
        );
    }

    [Theory]
    [InlineData(TraceExportFormat.JaegerJson, "{\"data\":[],\"total\":0,\"limit\":0,\"offset\":0,\"errors\":null}")]
    [InlineData(TraceExportFormat.OtlpJson, "{\"resourceSpans\":[]}")]
    [InlineData(TraceExportFormat.JaegerV3Json, "{\"result\":{\"resourceSpans\":[]}}")]
    [InlineData(TraceExportFormat.OtlpJsonLines, "")]
    [InlineData(TraceExportFormat.OtlpProtobuf, "")]
    public async Task An_export_of_nothing_is_a_whole_document(TraceExportFormat format, string expected) =>
        Assert.Equal(expected, System.Text.Encoding.UTF8.GetString(await WriteAsync(format, [])));

    [Theory]
    [InlineData(TraceExportFormat.JaegerJson)]
    [InlineData(TraceExportFormat.OtlpJson)]
    [InlineData(TraceExportFormat.JaegerV3Json)]
    [InlineData(TraceExportFormat.OtlpJsonLines)]
    [InlineData(TraceExportFormat.OtlpProtobuf)]
    public async Task The_writer_waits_for_its_reader_and_holds_no_more_than_one_trace(TraceExportFormat format)
    {
        // A pipe that pauses at 64 KiB: the writer can be ahead of the reader by that and one trace.
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 65_536, resumeWriterThreshold: 32_768));
        var trace = OtlpJson.Decode(Captures.Read("js-libp2p/14-dht-put.otlp-http-json.1.json")).ToArray();
        var oneTrace = (await WriteAsync(format, [trace])).Length;
        var writing = Task.Run(async () =>
        {
            using var writer = TraceWriter.Create(format, pipe.Writer);
            for (var count = 0; count < 100; count++)
            {
                await writer.WriteAsync(trace, CancellationToken.None);
            }

            await writer.CompleteAsync(CancellationToken.None);
            await pipe.Writer.CompleteAsync();
        });
        long total = 0;
        long mostBuffered = 0;
        while (true)
        {
            var result = await pipe.Reader.ReadAsync();
            total += result.Buffer.Length;
            mostBuffered = Math.Max(mostBuffered, result.Buffer.Length);
            pipe.Reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                break;
            }
        }

        await writing;
        Assert.InRange(total, (oneTrace - 100) * 99L, (oneTrace + 100) * 101L);
        Assert.InRange(mostBuffered, 1, 65_536 + (2L * oneTrace));
    }

    [Fact]
    public async Task A_reader_that_went_away_ends_the_writing()
    {
        var pipe = new Pipe();
        await pipe.Reader.CompleteAsync();
        using var writer = TraceWriter.Create(TraceExportFormat.OtlpProtobuf, pipe.Writer);
        await Assert.ThrowsAsync<IOException>(async () => await writer.WriteAsync(SomeTraces[0], CancellationToken.None));
    }

    private static async Task<byte[]> WriteAsync(TraceExportFormat format, IEnumerable<Span[]> traces)
    {
        using var stream = new MemoryStream();
        var pipe = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        using (var writer = TraceWriter.Create(format, pipe))
        {
            foreach (var trace in traces)
            {
                await writer.WriteAsync(trace, CancellationToken.None);
            }

            await writer.CompleteAsync(CancellationToken.None);
        }

        await pipe.CompleteAsync();
        return stream.ToArray();
    }

    private static IEnumerable<Span> Ordered(IEnumerable<Span> spans) => spans.OrderBy(span => span.TraceId).ThenBy(span => span.SpanId);
}
