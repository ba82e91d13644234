using System.IO.Compression;
using System.Text;
using System.Text.Json;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.KuboLogs;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Tests.KuboLogs;

/// <summary>The lines are those of a real daemon; the other forms are made from them as the daemon's logger writes them.</summary>
public sealed class KuboLogReaderTests
{
    private static readonly string[] Captured = Lines();

    [Fact]
    public void Each_line_of_the_sweep_is_a_span_without_duration_in_the_trace_of_its_minute()
    {
        var spans = Read(Captured);

        var line = spans.Single(span => span.Attributes.GetString(KuboLogNames.Message) == "reprovide starting for prefix \"01\"");
        Assert.Equal((1_796_021_298_040_000_000UL, line.StartUnixNano), (line.StartUnixNano, line.EndUnixNano));
        Assert.Equal("info", line.Attributes.GetString(KuboLogNames.Level));
        Assert.Equal("dht/provider", line.Attributes.GetString(KuboLogNames.Logger));
        Assert.Null(line.Attributes.GetString(KuboLogNames.Fields));
        Assert.Equal("Kubo", line.Resource.ServiceName);
        Assert.Equal(
            spans.Select(span => span.StartUnixNano / 60_000_000_000).Distinct().Count(),
            spans.Select(span => span.TraceId).Distinct().Count()
        );
    }

    [Fact]
    public void Standard_error_gives_the_same_spans_as_the_stream()
    {
        var lines = Captured.Where(line => !line.Contains("\\n", StringComparison.Ordinal)).ToList();

        Assert.Equal(Read(lines), Read(lines.Select(line => ToText(line))));
        Assert.Equal(Read(lines), Read(lines.Select(line => ToText(line, colours: true))));
        Assert.Equal(Read(lines), Read(lines.Select(line => "Nov 30 06:48:18 host ipfs[4711]: " + ToText(line))));
    }

    [Theory]
    [InlineData("[1796021298041216035,{0}]")]
    [InlineData("2026-11-30T06:48:19.000000001Z stderr F {0}")]
    public void What_carried_a_line_changes_nothing(string carrier) =>
        Assert.Equal(Read(Captured), Read(Captured.Select(line => carrier.Replace("{0}", line, StringComparison.Ordinal))));

    [Fact]
    public void The_time_of_a_zone_is_read()
    {
        var line = KuboLogLine.Parse("2026-11-30T07:48:18.040+0100\tINFO\tdht/provider\tprovider/provider.go:1856\tx"u8);

        Assert.Equal(1_796_021_298_040_000_000UL, line!.UnixNano);
    }

    [Fact]
    public void A_log_that_is_read_twice_or_in_pieces_gives_the_same_spans()
    {
        var whole = Read(Captured);
        var reader = new KuboLogReader(TraceHints.None, []);
        var pieces = Captured.SelectMany(line => reader.Read(Encoding.UTF8.GetBytes(line + "\n"))).ToList();

        Assert.Equal(whole, pieces);
        Assert.Equal(whole.Count, whole.Select(span => (span.TraceId, span.SpanId)).Distinct().Count());
        Assert.NotEqual(whole[0].TraceId, Read(Captured, "12D3KooWBbcLxDymU8UR3kEp1FmxNUg82kg42T1Ch6huYaoMKtZb")[0].TraceId);
    }

    [Fact]
    public void The_same_text_twice_in_one_millisecond_is_two_lines_in_order()
    {
        var spans = Read([Captured[0], Captured[0]]);

        Assert.Equal(2, spans.Select(span => span.SpanId).Distinct().Count());
        Assert.Equal(spans[0].StartUnixNano + 1, spans[1].StartUnixNano);
    }

    [Fact]
    public void Lines_of_other_loggers_are_skipped_and_a_log_without_the_sweep_says_what_to_do()
    {
        var reader = new KuboLogReader(TraceHints.None, []);

        Assert.Empty(
            reader.Read("""{"level":"error","ts":"2026-11-30T06:48:18.040Z","logger":"bitswap","caller":"a/b.go:1","msg":"no"}"""u8)
        );
        Assert.Contains("dht-tracer kubo watch", reader.Note);
    }

    [Fact]
    public void The_format_is_recognised_by_its_lines()
    {
        Assert.Equal(TraceFormat.KuboLog, Detect(Captured));
        Assert.Equal(TraceFormat.KuboLog, Detect(Captured.Select(line => $"[1,{line}]")));
        Assert.Equal(
            TraceFormat.KuboLog,
            Detect(["Initializing daemon...", "Kubo version: 0.43.1", .. Captured.Select(line => ToText(line))])
        );
        Assert.Equal(TraceFormat.KuboLog, Detect([Captured.MaxBy(line => line.Length)![..^200]]));
        Assert.NotEqual(TraceFormat.KuboLog, Detect(["""{"level":"INFO","target":"libp2p_kad","fields":{"message":"x"}}"""]));
        Assert.NotEqual(TraceFormat.KuboLog, Detect(["main.go:12 is a place"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1,2]")]
    [InlineData("""{"level":7,"ts":"2026-11-30T06:48:18.040Z","logger":"dht","msg":"x"}""")]
    [InlineData("""{"level":"info","ts":"yesterday","logger":"dht","msg":"x"}""")]
    [InlineData("\t\t\t.go:\t")]
    [InlineData("2026-11-30T06:48:18.040Z\tLOUD\tdht\ta.go:1\tx")]
    public void Other_text_is_no_line(string text) => Assert.Null(KuboLogLine.Parse(Encoding.UTF8.GetBytes(text)));

    private static List<Span> Read(IEnumerable<string> lines, string? node = null)
    {
        var reader = new KuboLogReader(new TraceHints { Node = node }, []);
        List<Span> spans = [.. reader.Read(Encoding.UTF8.GetBytes(string.Join('\n', lines))), .. reader.Finish()];
        Assert.Null(reader.Note);
        return spans;
    }

    private static TraceFormat Detect(IEnumerable<string> lines) =>
        TraceFormatDetector.Detect(Encoding.UTF8.GetBytes(string.Join('\n', lines)));

    /// <summary>The line as the daemon writes it to its standard error.</summary>
    private static string ToText(string json, bool colours = false)
    {
        var line = JsonDocument.Parse(json).RootElement;
        string Text(string name) => line.GetProperty(name).GetString()!;
        var fields = line.EnumerateObject()
            .Where(member => member.Name is not ("level" or "ts" or "logger" or "caller" or "msg"))
            .Select(member => $"{JsonSerializer.Serialize(member.Name)}:{member.Value.GetRawText()}")
            .ToList();
        var level = Text("level").ToUpperInvariant();
        return string.Join(
            '\t',
            [
                Text("ts"),
                colours ? $"\u001b[34m{level}\u001b[0m" : level,
                Text("logger"),
                Text("caller"),
                Text("msg"),
                .. fields.Count == 0 ? Array.Empty<string>() : ["{" + string.Join(',', fields) + "}"],
            ]
        );
    }

    private static string[] Lines()
    {
        using var gzip = new GZipStream(File.OpenRead(TestFiles.Data("kubo-sweep", "log.jsonl.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
