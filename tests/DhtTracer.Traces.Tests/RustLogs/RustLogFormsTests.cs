using System.IO.Compression;
using System.Text;
using System.Text.Json;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.RustLogs;

namespace DhtTracer.Traces.Tests.RustLogs;

/// <summary>
/// The other formatters of <c>tracing-subscriber</c>, and logs without targets. The lines are made from captured JSON lines, which hold all
/// that a formatter gets: time, level, target, fields and spans.
/// </summary>
public sealed class RustLogFormsTests
{
    private const string Libp2p = "rust-lookups";
    private const string OlderLibp2p = "rust056-lookups";
    private const string Litep2p = "litep2p-writes";

    public static TheoryData<string> Libp2pOnly => [Libp2p, OlderLibp2p];

    public static TheoryData<string> All => [Libp2p, OlderLibp2p, Litep2p];

    [Theory]
    [MemberData(nameof(All))]
    public void The_pretty_form_tells_what_json_tells(string capture)
    {
        var json = Json(capture);

        Assert.Equal(Read(json), Read(json.Select(line => Pretty(line))));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_pretty_form_is_read_with_colours_and_behind_a_prefix(string capture)
    {
        var json = Json(capture);

        Assert.Equal(Read(json), Read(json.Select(line => Pretty(line, coloured: true))));
        Assert.Equal(Read(json), Read(json.SelectMany(line => Pretty(line).Split('\n')).Select(line => "node-1  | " + line)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_pretty_form_is_read_without_places_in_the_source(string capture)
    {
        var json = Json(capture);

        Assert.Equal(Read(json), Read(json.Select(line => Pretty(line, places: false))));
    }

    [Fact]
    public void The_pretty_form_is_read_in_pieces_that_cut_an_event()
    {
        var lines = Json(Libp2p).SelectMany(line => Pretty(line).Split('\n')).ToList();
        var reader = new RustLogReader(TraceHints.None, []);
        var spans = lines.Chunk(7).SelectMany(piece => reader.Read(Bytes(piece))).ToList();
        spans.AddRange(reader.Finish());

        Assert.Equal(Sorted(Read(Json(Libp2p))), Sorted(spans));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_compact_form_tells_what_json_tells(string capture)
    {
        var json = Json(capture);

        Assert.Equal(Read(json), Read(json.Select(Compact)));
    }

    [Theory]
    [MemberData(nameof(Libp2pOnly))]
    public void Without_targets_the_texts_of_rust_libp2p_tell_all_but_the_node(string capture)
    {
        var json = Json(capture);
        var expected = WithoutNode(Read(json));

        Assert.NotEmpty(expected);
        Assert.Equal(expected, WithoutNode(Read(json.Select(Untargeted))));
        Assert.Equal(expected, WithoutNode(Read(json.Select(line => Pretty(line, target: false)))));
        Assert.Equal(expected, WithoutNode(Read(json.Select(line => Full(line, target: false)))));
        Assert.DoesNotContain(Read(json.Select(Untargeted)), span => span.Attributes[RustLogNames.Node] is not null);
    }

    [Fact]
    public void Logs_of_every_form_are_recognised()
    {
        Assert.Equal(TraceFormat.RustLog, TraceFormatDetector.Detect(Bytes(Json(Libp2p).Take(50))));
        Assert.Equal(TraceFormat.RustLog, TraceFormatDetector.Detect(Bytes(Json(OlderLibp2p).Take(50).Skip(5))));
        var json = Json(Libp2p).Where(line => line.Contains("QueryId(", StringComparison.Ordinal)).Take(3).ToList();

        Assert.Equal(TraceFormat.RustLog, TraceFormatDetector.Detect(Bytes(json.Select(line => Pretty(line)))));
        Assert.Equal(TraceFormat.RustLog, TraceFormatDetector.Detect(Bytes(json.Select(line => Pretty(line, target: false)))));
        Assert.Equal(TraceFormat.RustLog, TraceFormatDetector.Detect(Bytes(json.Select(line => Full(line, target: false)))));
        Assert.Equal(TraceFormat.RustLog, TraceFormatDetector.Detect(Bytes(json.Select(Untargeted))));
        Assert.Equal(TraceFormat.RustLog, TraceFormatDetector.Detect(Bytes(Json(Litep2p).Take(200).Select(Untargeted))));
    }

    [Theory]
    [InlineData("2026-11-30T05:33:54.122259Z TRACE my_app::lookups: Query finished query=QueryId(0)")]
    [InlineData("2026-11-30T05:33:54.122259Z TRACE my_app: it said \"Query finished query=QueryId(0)\"")]
    [InlineData("the log said: Query finished query=QueryId(0)")]
    [InlineData("{\"level\":\"TRACE\",\"target\":\"my_app\",\"fields\":{\"message\":\"Query finished\",\"query\":\"QueryId(0)\"}}")]
    public void A_text_of_libp2p_in_the_line_of_another_program_is_no_line_of_libp2p(string line) => Assert.Empty(Read([line]));

    [Fact]
    public void A_log_of_litep2p_without_targets_says_how_to_log_them()
    {
        foreach (var form in (Func<string, string>[])[Untargeted, line => Full(line, target: false), line => Pretty(line, target: false)])
        {
            var reader = new RustLogReader(TraceHints.None, []);
            List<Span> spans = [.. reader.Read(Bytes(Json(Litep2p).Select(form))), .. reader.Finish()];

            Assert.Empty(spans);
            Assert.Contains("with_target(true)", reader.Note, StringComparison.Ordinal);
        }
    }

    private static List<Span> Read(IEnumerable<string> lines)
    {
        var rejected = new List<RejectedSpan>();
        var reader = new RustLogReader(TraceHints.None, rejected);
        List<Span> spans = [.. reader.Read(Bytes(lines)), .. reader.Finish()];
        Assert.Empty(rejected);
        return spans;
    }

    private static List<Span> Sorted(IEnumerable<Span> spans) => [.. spans.OrderBy(span => span.TraceId).ThenBy(span => span.SpanId)];

    // Ids of spans are made with the node's id.
    private static List<string> WithoutNode(IEnumerable<Span> spans) =>
        [
            .. spans.Select(span =>
                $"{span.Name} {span.StartUnixNano} {span.EndUnixNano} "
                + string.Join(' ', span.Attributes.Where(item => item.Key != RustLogNames.Node).Select(item => $"{item.Key}={item.Value}"))
                + string.Join(' ', span.Events.Select(item => $"{item.TimeUnixNano} {item.Name}"))
            ),
        ];

    private static byte[] Bytes(IEnumerable<string> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));

    private static List<string> Json(string capture)
    {
        var name = capture == Litep2p ? "log.json-tm.jsonl.gz" : "log.json-ms.jsonl.gz";
        using var gzip = new GZipStream(File.OpenRead(TestFiles.Data("rust", capture, name)), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip, Encoding.UTF8);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static string Untargeted(string json)
    {
        var members = System.Text.Json.Nodes.JsonNode.Parse(json)!.AsObject();
        members.Remove("target");
        return members.ToJsonString(
            new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
        );
    }

    //   2026-11-30T05:33:54.122259Z TRACE libp2p_kad::behaviour: Query finished, query: QueryId(0)
    //     at /home/user/.cargo/registry/src/an-index/libp2p-kad-0.49.0/src/behaviour.rs:1204
    //     in libp2p_swarm::Swarm::poll
    private static string Pretty(string json, bool target = true, bool places = true, bool coloured = false)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var text = new StringBuilder("  ");
        text.Append(root.GetProperty("timestamp").GetString()).Append(' ');
        text.Append(Paint(root.GetProperty("level").GetString()!.PadLeft(5), "35")).Append(' ');
        if (target)
        {
            text.Append(Paint(root.GetProperty("target").GetString()!, "1;35")).Append(Paint(":", "35")).Append(' ');
        }

        text.AppendJoin(
            ", ",
            Fields(root.GetProperty("fields"))
                .Select(field => field.Name == "message" ? field.Value : $"{Paint(field.Name, "1;35")}: {field.Value}")
        );
        text.Append('\n');
        if (places)
        {
            text.Append($"    {Paint("at", "2;3")} /home/user/.cargo/registry/src/an-index/some-crate-0.1.0/src/lib.rs:12\n");
        }

        foreach (var span in Spans(root).Reverse())
        {
            var fields = string.Join(", ", span.Fields.Select(field => $"{Paint(field.Name, "1")}: {field.Value}"));
            var module = target ? "libp2p_swarm::connection::" : "";
            var with = fields.Length > 0 ? $" {Paint("with", "2;3")} {fields}" : "";
            text.Append($"    {Paint("in", "2;3")} {module}{Paint(span.Name, "1")}{with}\n");
        }

        return text.ToString();

        string Paint(string part, string style) => coloured ? $"\u001b[{style}m{part}\u001b[0m" : part;
    }

    // 2026-11-30T05:33:54.122259Z TRACE Swarm::poll: libp2p_kad::behaviour: Query finished query=QueryId(0)
    private static string Full(string json, bool target)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var spans = string.Concat(
            Spans(root)
                .Select(span =>
                {
                    var fields = string.Join(' ', span.Fields.Select(field => $"{field.Name}={field.Value}"));
                    return span.Name + (span.Fields.Count == 0 ? "" : $"{{{fields}}}") + ":";
                })
        );
        return $"{root.GetProperty("timestamp").GetString()} {root.GetProperty("level").GetString(), 5} "
            + (spans.Length > 0 ? $"{spans} " : "")
            + (target ? $"{root.GetProperty("target").GetString()}: " : "")
            + Line(root);
    }

    // 2026-11-30T05:33:54.122259Z DEBUG new_established_connection:Connection::poll: multistream_select: Dialer: … protocol=/x id=1
    // peer=12D3…
    private static string Compact(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var spans = Spans(root).ToList();
        return $"{root.GetProperty("timestamp").GetString()} {root.GetProperty("level").GetString(), 5} "
            + string.Concat(spans.Select(span => span.Name + ":"))
            + (spans.Count > 0 ? " " : "")
            + $"{root.GetProperty("target").GetString()}: {Line(root)}"
            + string.Concat(spans.SelectMany(span => span.Fields).Select(field => $" {field.Name}={field.Value}"));
    }

    private static string Line(JsonElement root) =>
        string.Join(
            ' ',
            Fields(root.GetProperty("fields")).Select(field => field.Name == "message" ? field.Value : $"{field.Name}={field.Value}")
        );

    // Formatters leave out what the bridge from the crate "log" adds.
    private static List<(string Name, string Value)> Fields(JsonElement fields) =>
        [
            .. fields
                .EnumerateObject()
                .Where(field => field.Name != "name" && !field.Name.StartsWith("log.", StringComparison.Ordinal))
                .Select(field =>
                    (field.Name, field.Value.ValueKind == JsonValueKind.String ? field.Value.GetString()! : field.Value.GetRawText())
                ),
        ];

    private static IEnumerable<(string Name, List<(string Name, string Value)> Fields)> Spans(JsonElement root) =>
        root.TryGetProperty("spans", out var spans)
            ? spans.EnumerateArray().Select(span => (span.GetProperty("name").GetString()!, Fields(span)))
            : [];
}
