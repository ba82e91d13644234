using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.RustLogs;

namespace DhtTracer.Traces.Tests.RustLogs;

/// <summary>The variants are made from captured lines, as a program with other settings of <c>tracing-subscriber</c> would have written
/// them.</summary>
public sealed partial class RustLogReaderTests
{
    private const string Libp2p = "rust-lookups";
    private const string Litep2p = "litep2p-writes";

    public static TheoryData<string> Both => [Libp2p, Litep2p];

    [Theory]
    [MemberData(nameof(Both))]
    public void Colours_change_nothing(string capture)
    {
        var plain = Human(capture);

        Assert.Equal(Read(plain), Read(plain.Select(Coloured)));
    }

    [Theory]
    [InlineData(Libp2p, "Nov 30 06:15:21 host node[4711]: ")]
    [InlineData(Libp2p, "node-1  | ")]
    [InlineData(Litep2p, "2026-11-30T06:18:45.000000001Z stderr F ")]
    public void What_carried_the_log_changes_nothing(string capture, string prefix)
    {
        var plain = Human(capture);

        Assert.Equal(Read(plain), Read(plain.Select(line => prefix + line)));
        Assert.Equal(Read(Json(capture)), Read(Json(capture).Select(line => prefix + line)));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void The_line_format_of_a_substrate_node_is_read_with_its_milliseconds(string capture)
    {
        var plain = Human(capture);
        var spans = Read(plain.Select(Substrate));
        var same = Read(plain.Select(Milliseconds));

        Assert.NotEmpty(spans);
        Assert.Equal(same, spans);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Uptimes_give_durations_but_no_date(string capture)
    {
        var plain = Human(capture);
        var began = Time(plain[0]);
        var real = Roots(Read(plain));
        var uptime = Roots(Read(plain.Select(line => Uptime(line, began))));

        Assert.Equal(real.Count, uptime.Count);
        foreach (var (root, expected) in uptime.Zip(real))
        {
            Assert.Equal("uptime", root.Attributes.GetString(RustLogNames.Clock));
            Assert.Equal(expected.StartUnixNano - began, root.StartUnixNano);
            Assert.Equal(expected.EndUnixNano == 0 ? 0 : expected.EndUnixNano - began, root.EndUnixNano);
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void A_log_without_times_gives_the_order(string capture)
    {
        var plain = Human(capture);
        var real = Read(plain);
        var spans = Read(plain.Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]));

        Assert.Equal(real.Count, spans.Count);
        Assert.All(Roots(spans), root => Assert.Equal("order", root.Attributes.GetString(RustLogNames.Clock)));
        Assert.Equal(Ends(real), Ends(spans));

        static List<(string? Peer, string? Outcome)> Ends(IEnumerable<Span> all) =>
            [
                .. all.Where(span => span.Name == RustLogNames.Request && span.EndUnixNano > 0)
                    .OrderBy(span => span.EndUnixNano)
                    .Select(span => (span.Attributes.GetString(RustLogNames.Peer), span.Attributes.GetString(RustLogNames.Outcome))),
            ];
    }

    [Fact]
    public void A_json_log_with_flattened_fields_is_read()
    {
        var nested = Json(Libp2p);
        var flat = nested.Select(line => FieldsPattern().Replace(line, "$1"));

        Assert.Equal(Read(nested), Read(flat));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Reading_in_pieces_of_any_size_changes_nothing(string capture)
    {
        var lines = Json(capture);
        var reader = new RustLogReader(TraceHints.None, []);
        var spans = new List<Span>();
        foreach (var piece in lines.Chunk(97))
        {
            spans.AddRange(reader.Read(Bytes(piece)));
        }

        spans.AddRange(reader.Finish());

        Assert.Equal(Sorted(Read(lines)), Sorted(spans));
    }

    [Theory]
    [InlineData(Libp2p, 100)]
    [InlineData(Libp2p, 3000)]
    [InlineData(Litep2p, 1000)]
    public void A_log_that_has_grown_gives_the_spans_of_before_with_the_same_ids(string capture, int lines)
    {
        var whole = Human(capture);
        var all = Read(whole).ToDictionary(span => (span.TraceId, span.SpanId));
        var before = Read(whole.Take(lines));

        Assert.NotEmpty(before);
        Assert.All(before, span => Assert.Contains((span.TraceId, span.SpanId), all));

        // What was told before is not taken back: a span only gets more attributes, more events, an end.
        Assert.All(
            before,
            span =>
            {
                var later = all[(span.TraceId, span.SpanId)];
                Assert.True(later.Attributes.Count >= span.Attributes.Count && later.Events.Length >= span.Events.Length, span.Name);
            }
        );
    }

    [Fact]
    public void Query_numbers_of_a_process_that_was_started_again_are_other_queries()
    {
        var first = Human(Libp2p);
        var second = first.Select(line => "2026-12-01" + line[10..]);
        var roots = Roots(Read(first.Concat(second)));

        Assert.Equal(2 * Roots(Read(first)).Count, roots.Count);
        Assert.Equal(roots.Count, roots.Select(root => root.TraceId).Distinct().Count());
    }

    [Fact]
    public void A_restart_without_a_line_about_it_shows_in_the_silence_before()
    {
        var first = Human(Libp2p).Where(line => line.Contains("libp2p_kad", StringComparison.Ordinal)).ToList();
        var roots = Roots(Read(first.Concat(first.Select(line => "2026-12-01" + line[10..]))));

        Assert.Equal(2 * Roots(Read(first)).Count, roots.Count);
    }

    [Fact]
    public void An_answer_that_is_cut_off_does_not_list_its_peers()
    {
        var lines = Human(Libp2p);
        var answer = lines.FindIndex(line => line.Contains("Request to peer in query succeeded", StringComparison.Ordinal));
        var cut = Assert.Single(Read(lines.Take(answer + 3)), span => span.Name == RustLogNames.Request);

        Assert.Null(cut.Attributes[RustLogNames.CloserPeers]);
        Assert.Equal("answered", cut.Attributes.GetString(RustLogNames.Outcome));
    }

    [Fact]
    public void Records_that_are_not_found_tell_the_key_of_a_get()
    {
        var root = Roots(Read(Human(Libp2p))).Single(span => span.Attributes[RustLogNames.QueryNumber]!.AsInt() == 9);

        Assert.Equal(Convert.ToHexStringLower("/v/shown1/none"u8), root.Attributes.GetString(RustLogNames.Key));
        Assert.Equal("GET_VALUE", root.Attributes.GetString(RustLogNames.Kind));
    }

    [Fact]
    public void A_given_key_and_type_go_to_the_only_query_that_is_not_a_bootstrap()
    {
        // QueryId(2) of the capture is an automatic bootstrap.
        var lines = Human(Libp2p)
            .Where(line => line.Contains("QueryId(2)", StringComparison.Ordinal) || line.Contains("QueryId(5)", StringComparison.Ordinal))
            .ToList();
        var reader = new RustLogReader(new TraceHints { Key = "bafkreib", Type = "get-providers" }, []);
        var roots = Roots([.. reader.Read(Bytes(lines)), .. reader.Finish()]);

        Assert.Equal(
            ["get-providers", null],
            roots
                .OrderByDescending(root => root.Attributes[RustLogNames.QueryNumber]!.AsInt())
                .Select(root => root.Attributes.GetString(RustLogNames.GivenType))
        );
    }

    [Fact]
    public void A_given_key_for_a_log_of_several_queries_is_an_error_that_says_what_to_do()
    {
        var reader = new RustLogReader(new TraceHints { Key = "bafkreib" }, []);
        reader.Read(Bytes(Human(Libp2p)));
        var error = Assert.Throws<TraceFormatException>(reader.Finish);

        Assert.Contains("this one holds 10: cut out the lines of one, or give none", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Logs_are_recognised_and_other_texts_are_not()
    {
        Assert.Equal(TraceFormat.RustLog, Detect(Human(Libp2p).Take(3)));
        Assert.Equal(TraceFormat.RustLog, Detect(Human(Litep2p).Take(3).Select(Coloured)));
        Assert.Equal(TraceFormat.RustLog, Detect(Human(Libp2p).Take(3).Select(Substrate)));
        Assert.Equal(TraceFormat.RustLog, Detect(Json(Litep2p).Take(3)));
        Assert.Equal(TraceFormat.Unknown, Detect(["# A README", "", "It mentions libp2p_kad::behaviour and litep2p::ipfs."]));
        Assert.Equal(TraceFormat.Unknown, Detect(["{\"peer\":\"12D3\",\"delay\":12}"]));
    }

    [Theory]
    [InlineData("TRACE libp2p_kad::behaviour: Query finished query=QueryId(18446744073709551616)")]
    [InlineData("TRACE libp2p_kad::behaviour: Query finished query=QueryId(")]
    [InlineData("TRACE libp2p_kad::behaviour: Request to peer in query succeeded peer= query=QueryId(0)")]
    [InlineData("TRACE libp2p_kad::behaviour: ")]
    [InlineData("TRACE libp2p_kad:")]
    [InlineData("{\"target\":\"libp2p_kad::behaviour\",\"fields\":{\"message\":\"\\ud800\"}}")]
    [InlineData("{\"target\":\"libp2p_kad::behaviour\",\"fields\":[]}")]
    [InlineData("9999999999999999999.1s TRACE litep2p::ipfs::kademlia::query: start `` query query_id=QueryId(0)")]
    [InlineData("TRACE litep2p::ipfs::kademlia: handle `FIND_NODE` response peer=PeerId(\"\") target=\"[]\" query=QueryId(0)")]
    public void Hostile_lines_are_passed_over(string line) => Read([line, line]);

    [Fact]
    public void A_line_of_brackets_without_end_costs_its_length_only() =>
        Read(["TRACE libp2p_kad::behaviour: " + new string('(', 900_000) + " query=QueryId(0)"]);

    [Fact]
    public void A_line_that_is_too_long_is_rejected_with_its_number()
    {
        var rejected = new List<RejectedSpan>();
        var reader = new RustLogReader(TraceHints.None, rejected);
        reader.Read(Bytes(["first", "libp2p_kad" + new string('x', RustLogReader.MaxLineLength)]));

        Assert.Equal($"line 2: the line is longer than {RustLogReader.MaxLineLength} bytes", Assert.Single(rejected).Problem);
    }

    private static List<Span> Read(IEnumerable<string> lines)
    {
        var rejected = new List<RejectedSpan>();
        var reader = new RustLogReader(TraceHints.None, rejected);
        List<Span> spans = [.. reader.Read(Bytes(lines)), .. reader.Finish()];
        Assert.Empty(rejected);
        return spans;
    }

    private static List<Span> Roots(IEnumerable<Span> spans) => [.. spans.Where(span => span.Name == RustLogNames.Query)];

    private static List<Span> Sorted(IEnumerable<Span> spans) => [.. spans.OrderBy(span => span.TraceId).ThenBy(span => span.SpanId)];

    private static TraceFormat Detect(IEnumerable<string> lines) => TraceFormatDetector.Detect(Bytes(lines));

    private static byte[] Bytes(IEnumerable<string> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));

    private static List<string> Human(string capture) => Lines(capture, "log.fmt.log.gz");

    private static List<string> Json(string capture) =>
        Lines(capture, capture.StartsWith("litep2p", StringComparison.Ordinal) ? "log.json-tm.jsonl.gz" : "log.json-ms.jsonl.gz");

    private static List<string> Lines(string capture, string name)
    {
        using var gzip = new GZipStream(File.OpenRead(TestFiles.Data("rust", capture, name)), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip, Encoding.UTF8);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    // ESC[2m2026-…ZESC[0m ESC[35mTRACEESC[0m ESC[1mSwarm::pollESC[0m… : ESC[3mpeerESC[0mESC[2m=ESC[0m12D3…
    private static string Coloured(string line) =>
        ColouredFields()
            .Replace(
                HumanLine().Replace(line, "\u001b[2m$1\u001b[0m \u001b[35m$2\u001b[0m $3"),
                " \u001b[3m$1\u001b[0m\u001b[2m=\u001b[0m"
            );

    // 2026-11-30 06:15:21.122 TRACE tokio-runtime-worker libp2p_kad::behaviour: Request to peer …
    private static string Substrate(string line)
    {
        var match = HumanLine().Match(line);
        var rest = match.Groups[3].Value;
        var target = TargetPattern().Match(rest);
        return $"{line[..10]} {line[11..23]} {match.Groups[2].Value} tokio-runtime-worker {rest[target.Index..]}";
    }

    private static string Milliseconds(string line) => line[..23] + "000" + line[26..];

    private static string Uptime(string line, ulong began)
    {
        var since = Time(line) - began;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{since / 1_000_000_000, 5}.{since % 1_000_000_000:D9}s {line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]}"
        );
    }

    private static ulong Time(string line)
    {
        var time = DateTime.ParseExact(
            line[..27],
            "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal
        );
        return (ulong)(time - DateTime.UnixEpoch).Ticks * 100;
    }

    [GeneratedRegex(@"^(\S+) +(\w+) (.*)$")]
    private static partial Regex HumanLine();

    [GeneratedRegex(@" (\w+)=")]
    private static partial Regex ColouredFields();

    [GeneratedRegex(@"(libp2p_|litep2p)")]
    private static partial Regex TargetPattern();

    [GeneratedRegex(@"""fields"":\{(.*?)\}(?=,""target"")")]
    private static partial Regex FieldsPattern();
}
