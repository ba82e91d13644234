using System.Buffers;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using DhtTracer.Analysis.EventLog2019;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.RustLogs;

namespace DhtTracer.Analysis.Tests.Dialects.RustLogs;

/// <summary>Queries without starts, keys and types, as pages and exports show them. Their values are held against the truth in the truth
/// tests.</summary>
public sealed class RustLogQueriesTests
{
    public static TheoryData<string, bool> Captures =>
        new()
        {
            { "rust-lookups/log.fmt.log.gz", true },
            { "rust-writes/log.json-ms.jsonl.gz", true },
            { "litep2p-lookups/log.fmt.log.gz", true },
            { "litep2p-writes/log.json-tm.jsonl.gz", true },
            { "rust-concurrent/log.fmt.log.gz", false },
            { "litep2p-writes/log.fmt.log.gz", false },
        };

    [Theory]
    [MemberData(nameof(Captures))]
    public void Json_gives_back_every_value(string log, bool times)
    {
        foreach (var query in Queries(log, times))
        {
            var json = QueryJson.ToUtf8(query);

            Assert.Equal(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(QueryJson.ToUtf8(QueryJson.Read(json))));
        }
    }

    [Fact]
    public void What_is_unknown_is_null_in_json()
    {
        using var json = JsonDocument.Parse(QueryJson.ToUtf8(Lookup()));
        var query = json.RootElement;
        var request = query.GetProperty("peers")[0].GetProperty("requests")[0];

        Assert.All(
            (string[])["type", "key", "outcome", "durationNs", "discoveryNs", "firstAnswerNs", "hops"],
            name => Assert.Equal(JsonValueKind.Null, query.GetProperty(name).ValueKind)
        );
        Assert.All(
            (string[])["type", "startNs", "durationNs"],
            name => Assert.Equal(JsonValueKind.Null, request.GetProperty(name).ValueKind)
        );
        Assert.Equal(JsonValueKind.Number, request.GetProperty("endNs").ValueKind);
    }

    [Fact]
    public void A_request_without_a_start_is_a_mark_at_its_answer_and_has_no_duration()
    {
        var query = Lookup();
        var waterfall = DhtTracer.Analysis.Waterfalls.Waterfall.Of(query);
        foreach (var row in waterfall.Rows.Where(row => row.Peer.State == PeerState.Answered))
        {
            var request = Assert.Single(row.Peer.Requests);
            var mark = Assert.Single(row.Segments, segment => segment.Phase == RowPhase.Request);
            var phases = PeerPhase.Of(row.Peer);

            Assert.Equal((request.EndNs, request.EndNs), (mark.StartNs, mark.EndNs));
            Assert.StartsWith("answered, ", row.Label, StringComparison.Ordinal);
            Assert.EndsWith($"/{request.Returned} peers", row.Label, StringComparison.Ordinal);
            Assert.Equal(request.EndNs, phases.Single(phase => phase.Kind == PeerPhaseKind.Answered).StartNs);
            Assert.Null(phases.Single(phase => phase.Kind == PeerPhaseKind.Request).DurationNs);
        }

        Assert.StartsWith("start not in the log, ≥ ", waterfall.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void The_order_in_which_peers_were_asked_is_unknown_where_it_was_not_logged()
    {
        Assert.All(Lookup().Peers, peer => Assert.Null(peer.Order));
        Assert.Contains(Queries("litep2p-lookups/log.fmt.log.gz", true)[0].Peers, peer => peer.Order == 1);
    }

    [Fact]
    public void A_peer_that_an_answer_names_may_have_been_known_before()
    {
        var query = Lookup();

        Assert.False(query.Counts.SeenComplete);
        Assert.All(query.Peers, peer => Assert.True(peer.Hops is 0 or null && peer.HopsAtLeast == 0 && peer.Referrer is null));
    }

    [Fact]
    public void Where_all_peers_of_the_routing_table_are_known_every_peer_has_its_hops_and_who_named_it()
    {
        // The first query of the capture began with one peer: num_peers=1.
        var query = Queries("litep2p-lookups/log.json-tm.jsonl.gz", true)[0];

        Assert.True(query.Counts.SeenComplete);
        Assert.Single(query.Peers, peer => peer.Hops == 0);
        Assert.All(query.Peers, peer => Assert.True(peer.Hops == 0 ? peer.Referrer is null : peer.Referrer is not null && peer.Hops > 0));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_export_can_be_written_and_read(string log, bool times)
    {
        foreach (var query in Queries(log, times))
        {
            using var har = JsonDocument.Parse(HarExport.ToUtf8(query));
            Assert.All(
                har.RootElement.GetProperty("log").GetProperty("entries").EnumerateArray(),
                entry => Assert.True(entry.GetProperty("time").GetDouble() >= 0)
            );
            Assert.DoesNotContain(
                "unknown",
                har.RootElement.GetProperty("log").GetProperty("pages")[0].GetProperty("title").GetString()!.Split(' ')[0],
                StringComparison.Ordinal
            );

            var csv = CsvExport.Peers(query).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.True(csv.Length > query.Peers.Length);

            XDocument.Load(new MemoryStream(SvgExport.ToUtf8(DhtTracer.Analysis.Waterfalls.Waterfall.Of(query))));
            Assert.Contains("</html>", Encoding.UTF8.GetString(HtmlExport.ToUtf8(query, "/q/" + query.Id, [])), StringComparison.Ordinal);
            using var chrome = JsonDocument.Parse(ChromeTraceExport.ToUtf8(query));
            Assert.NotNull(Explanation.Of(query).Sentence);
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Formats_of_2019_hold_answers_and_no_requests_that_nobody_timed(string log, bool times)
    {
        foreach (var query in Queries(log, times))
        {
            var events = new ArrayBufferWriter<byte>();
            EventLogWriter.Write(events, query);
            var text = Encoding.UTF8.GetString(events.WrittenSpan);
            var timed = query.Peers.SelectMany(peer => peer.Requests).Count(request => request.StartNs is not null);

            Assert.Equal(timed, Count(text, "\"dhtQueryRunner.queryPeer.Start\""));

            var state = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(state))
            {
                VisStateWriter.Write(json, [query]);
            }

            using var document = JsonDocument.Parse(state.WrittenMemory);
            Assert.DoesNotContain("\"Spans\":[]", Encoding.UTF8.GetString(state.WrittenSpan), StringComparison.Ordinal);
        }
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    /// <summary>The first query of a human log of rust-libp2p: a search for the closest peers, which its log does not tell.</summary>
    private static Query Lookup() => Queries("rust-lookups/log.fmt.log.gz", true)[0];

    private static List<Query> Queries(string log, bool times)
    {
        using var gzip = new GZipStream(File.OpenRead(TestFiles.Data("rust", log)), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip, Encoding.UTF8);
        var lines = reader
            .ReadToEnd()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => times ? line : line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        var file = new RustLogReader(TraceHints.None, []);
        List<Span> spans = [.. file.Read(Encoding.UTF8.GetBytes(string.Join('\n', lines))), .. file.Finish()];
        var queries = spans
            .GroupBy(span => span.TraceId)
            .Select(trace => Assert.Single(TraceReconstruction.Reconstruct([.. trace]).Queries))
            .OrderBy(query => query.StartUnixNano)
            .ToList();
        Assert.NotEmpty(queries);
        return queries;
    }
}
