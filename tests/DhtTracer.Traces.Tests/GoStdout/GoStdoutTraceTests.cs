using System.IO.Compression;
using System.Text;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.GoStdout;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Traces.Tests.GoStdout;

/// <summary>The capture: one Kubo that sent its spans by OTLP and wrote them with its file exporter at the same time.</summary>
public sealed class GoStdoutTraceTests
{
    private static readonly Lazy<byte[]> File = new(() => Gunzip("traces-file-exporter.json.gz"));

    [Fact]
    public void The_file_of_a_kubo_holds_the_very_spans_that_it_sent_by_otlp()
    {
        var byOtlp = OtlpProtobuf.Decode(Gunzip("spans.00.pb.gz")).ToDictionary(span => (span.TraceId, span.SpanId));
        var byFile = Read(File.Value, out var rejected, out _);

        Assert.Empty(rejected);
        Assert.Equal(3520, byFile.Count);
        Assert.Equal(byOtlp.Count, byFile.Count);
        foreach (var span in byFile)
        {
            var same = byOtlp[(span.TraceId, span.SpanId)];

            // Record equality: ids, name, kind, times, attributes with their types and order, events, links, status, flags, dropped counts,
            // scope. The format does not hold the schema URL of the resource.
            Assert.Equal(same with { Resource = same.Resource with { SchemaUrl = "" } }, span);
        }
    }

    [Fact]
    public void Resources_and_scopes_that_are_equal_are_one_object()
    {
        var spans = Read(File.Value, out _, out _);

        Assert.Single(spans.Select(span => span.Resource).Distinct(ReferenceEqualityComparer.Instance));
        Assert.Equal(8, spans.Select(span => span.Scope).Distinct(ReferenceEqualityComparer.Instance).Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(3519)]
    public void Pieces_of_any_number_of_lines_give_the_same_spans(int linesOfTheFirstPiece)
    {
        var text = File.Value;
        var border = 0;
        for (var line = 0; line < linesOfTheFirstPiece; line++)
        {
            border = text.AsSpan(border).IndexOf((byte)'\n') + border + 1;
        }

        var reader = GoStdoutTrace.Lines([]);
        var spans = reader.Read(text.AsSpan(0, border)).Concat(reader.Read(text.AsSpan(border))).Concat(reader.Finish());

        Assert.Equal(Read(text, out _, out _), spans);
    }

    [Fact]
    public void A_last_line_that_is_cut_off_is_left_out_and_noted()
    {
        var lines = Lines(3);
        var spans = Read(Encoding.UTF8.GetBytes($"{lines[0]}\n{lines[1]}\n{lines[2][..200]}"), out var rejected, out var note);

        Assert.Equal(2, spans.Count);
        Assert.Empty(rejected);
        Assert.StartsWith("Line 3, the last one, is cut off", note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_last_line_without_a_line_break_is_read()
    {
        var lines = Lines(2);
        var spans = Read(Encoding.UTF8.GetBytes($"{lines[0]}\n{lines[1]}"), out _, out var note);

        Assert.Equal(2, spans.Count);
        Assert.Null(note);
    }

    [Theory]
    [InlineData("not json at all", "line 2: expected a span as one JSON object; ")]
    [InlineData("[1,2]", "line 2: expected an object as a span, found an array")]
    [InlineData("{\"Name\":\"x\"}", "line 2: expected a span with a SpanContext whose TraceID is 32 hex digits, not all zero")]
    [InlineData(
        "{\"SpanContext\":{\"TraceID\":\"6999b44148dbdbdf2fc5ff79ae64849a\",\"SpanID\":\"b58765f9637363d2\"},\"StartTime\":\"yesterday\"}",
        "line 2: expected a time in RFC 3339 as StartTime, found the string \"yesterday\""
    )]
    public void A_line_that_is_no_span_is_rejected_with_its_number_and_its_neighbours_are_read(string line, string problem)
    {
        var good = Lines(2);
        var spans = Read(Encoding.UTF8.GetBytes($"{good[0]}\r\n{line}\r\n\r\n{good[1]}\r\n"), out var rejected, out _);

        Assert.Equal(2, spans.Count);
        var only = Assert.Single(rejected);
        Assert.StartsWith(problem, only.Problem, StringComparison.Ordinal);
        Assert.Equal(Encoding.UTF8.GetByteCount(good[0]) + 2, only.Offset);
    }

    [Fact]
    public void Attributes_of_every_type_keep_their_type()
    {
        const string span = """
            {"Name":"n","SpanContext":{"TraceID":"6999b44148dbdbdf2fc5ff79ae64849a","SpanID":"b58765f9637363d2","TraceFlags":"01"},
             "Parent":{"TraceID":"00000000000000000000000000000000","SpanID":"0000000000000000","TraceFlags":"00","Remote":true},
             "StartTime":"2026-11-30T06:56:08.5+01:00","EndTime":"0001-01-01T00:00:00Z","Attributes":[
              {"Key":"b","Value":{"Type":"BOOL","Value":true}},{"Key":"i","Value":{"Type":"INT64","Value":9007199254740993}},
              {"Key":"f","Value":{"Type":"FLOAT64","Value":2}},{"Key":"fs","Value":{"Type":"FLOAT64SLICE","Value":[1,2.5]}},
              {"Key":"is","Value":{"Type":"INT64SLICE","Value":[]}},{"Key":"later","Value":{"Type":"MAP","Value":{"x":[1,null]}}}],
             "Links":[{"SpanContext":{"TraceID":"6999b44148dbdbdf2fc5ff79ae64849b","SpanID":"b58765f9637363d3","TraceFlags":"01",
              "TraceState":"a=b","Remote":true},
              "Attributes":null,"DroppedAttributeCount":3}]}
            """;
        var read = Assert.Single(GoStdoutTrace.Decode(Encoding.UTF8.GetBytes(span)));

        Assert.Equal(
            AttributeList.Of(
                ("b", true),
                ("i", 9007199254740993),
                ("f", 2.0),
                ("fs", new ArrayValue([new DoubleValue(1), new DoubleValue(2.5)])),
                ("is", new ArrayValue([])),
                ("later", new KeyValueListValue(AttributeList.Of(("x", new ArrayValue([new IntValue(1), EmptyValue.Instance])))))
            ),
            read.Attributes
        );
        Assert.Equal(1796018168_500_000_000ul, read.StartUnixNano);
        Assert.Equal(0ul, read.EndUnixNano);
        Assert.Equal(0x301u, read.Flags);
        Assert.Equal(
            new SpanLink
            {
                TraceId = Trace("6999b44148dbdbdf2fc5ff79ae64849b"),
                SpanId = new SpanId(0xb58765f9637363d3),
                TraceState = "a=b",
                DroppedAttributesCount = 3,
                Flags = 0x301,
            },
            Assert.Single(read.Links)
        );
    }

    [Fact]
    public void The_format_is_recognised_plain_and_indented()
    {
        Assert.Equal(TraceFormat.GoStdoutLines, TraceFormatDetector.Detect(File.Value.AsSpan(0, 1000)));
        Assert.Equal(TraceFormat.GoStdout, TraceFormatDetector.Detect("{\n\t\"Name\": \"x\",\n\t\"SpanContext\": {"u8));
    }

    [Fact]
    public void Spoiled_text_gives_format_errors_only() =>
        Mutations.OnlyFormatErrors(Encoding.UTF8.GetBytes(string.Join('\n', Lines(5))), input => GoStdoutTrace.Decode(input));

    private static TraceId Trace(string hex) => TraceId.TryParse(hex, out var id) ? id : throw new FormatException(hex);

    private static string[] Lines(int count) => Encoding.UTF8.GetString(File.Value).Split('\n')[..count];

    private static List<Span> Read(byte[] text, out List<RejectedSpan> rejected, out string? note)
    {
        rejected = [];
        var reader = GoStdoutTrace.Lines(rejected);
        List<Span> spans = [.. reader.Read(text), .. reader.Finish()];
        note = reader.Note;
        return spans;
    }

    private static byte[] Gunzip(string name)
    {
        using var gzip = new GZipStream(System.IO.File.OpenRead(TestFiles.Data("kubo", "file-exporter", name)), CompressionMode.Decompress);
        using var content = new MemoryStream();
        gzip.CopyTo(content);
        return content.ToArray();
    }
}
