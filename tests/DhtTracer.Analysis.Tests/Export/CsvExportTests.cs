using System.Buffers;
using System.Text;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Tests.Export;

public class CsvExportTests
{
    [Fact]
    public void Every_line_reads_back_as_the_row_it_came_from()
    {
        var query = HarExportTests.Simulated(5);
        var lines = Read(CsvExport.Peers(query));
        var header = lines[0];
        Assert.All(lines, line => Assert.Equal(header.Count, line.Count));
        Assert.Equal(1 + query.Peers.Sum(p => Math.Max(1, p.Requests.Length)), lines.Count);
        foreach (var line in lines.Skip(1))
        {
            var peer = query.Peers.Single(p => p.Id == Cell("peer"));
            Assert.Equal($"{peer.Order}", Cell("order"));
            Assert.Equal($"{peer.Xor}", Cell("xor"));
            Assert.Equal(peer.Referrer ?? "", Cell("referrer"));
            Assert.Equal($"{peer.Dial?.DurationNs}", Cell("dial_duration_ns"));
            Assert.Equal(peer.Dial?.Error?.Class ?? "", Cell("dial_error_class"));
            Assert.Equal(peer.Requests.IsEmpty ? "" : $"{peer.Requests[0].DurationNs}", Cell("request_duration_ns"));
            Assert.Equal(peer.Requests.IsEmpty ? "" : $"{peer.Requests[0].New}", Cell("new"));
            Assert.Equal(peer.Agent ?? "", Cell("agent"));
            Assert.Equal($"{peer.HopsAtLeast}", Cell("hops_at_least"));
            Assert.Equal(peer.AskedAfter ?? "", Cell("asked_after"));
            Assert.Equal(peer.Requests.IsEmpty ? "" : $"{peer.Requests[0].EndNs}", Cell("request_end_ns"));

            string Cell(string name) => line[header.IndexOf(name)];
        }
    }

    [Fact]
    public void Hostile_text_is_quoted_and_starts_no_formula()
    {
        var query = HarExportTests.Simulated(5);
        query = query with { Peers = [query.Peers[0] with { Agent = "=HYPERLINK(\"http://x\",\"a\")\r\nsecond", Requests = [] }] };
        var lines = Read(CsvExport.Peers(query));
        Assert.Equal("'=HYPERLINK(\"http://x\",\"a\")\r\nsecond", lines[1][lines[0].IndexOf("agent")]);
    }

    [Theory]
    [InlineData("=1+1")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("@SUM(A1)")]
    [InlineData("\t=1")]
    [InlineData("\r=1")]
    [InlineData("\n=1")]
    [InlineData("\uff1d1")]
    [InlineData("\uff0b1")]
    [InlineData("\uff0d1")]
    [InlineData("\uff20A1")]
    public void No_text_of_a_span_begins_a_formula_in_any_column(string hostile)
    {
        var error = new TraceError(hostile, hostile);
        var query = HarExportTests.Simulated(5);
        query = query with
        {
            Key = new QueryKey(hostile, "00", new string('0', 64)),
            Service = hostile,
            Node = hostile,
            Error = error,
            DiscoveredBy = hostile,
            Peers =
            [
                query.Peers[0] with
                {
                    Id = hostile,
                    Referrer = hostile,
                    AskedAfter = hostile,
                    Agent = hostile,
                    Addresses = [hostile, hostile],
                    Dial = new PeerDial(0, 1, false, error),
                    Requests = [query.Peers.First(peer => !peer.Requests.IsEmpty).Requests[0] with { Error = error }],
                },
            ],
        };
        var output = new ArrayBufferWriter<byte>();
        CsvExport.WriteQuery(output, query);
        var (queryCells, peerCells) = (Read(Encoding.UTF8.GetString(output.WrittenSpan))[0], Read(CsvExport.Peers(query))[1]);

        // Six texts of the query, and nine of the row: none is lost, and each is behind an apostrophe.
        Assert.Equal(6, queryCells.Count(cell => cell == "'" + hostile));
        Assert.Equal(8, peerCells.Count(cell => cell == "'" + hostile));
        Assert.Contains($"'{hostile} {hostile}", peerCells);
        Assert.DoesNotContain(
            queryCells.Concat(peerCells),
            cell => cell.Length > 0 && "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20".Contains(cell[0], StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_list_of_queries_has_a_line_each_and_leaves_unknowns_empty()
    {
        var query = HarExportTests.Simulated(6);
        var output = new ArrayBufferWriter<byte>();
        CsvExport.WriteQueriesHeader(output);
        CsvExport.WriteQuery(output, query);
        CsvExport.WriteQuery(output, query with { DurationNs = null, Key = null });
        var lines = Read(Encoding.UTF8.GetString(output.WrittenSpan));
        Assert.Equal(3, lines.Count);
        Assert.All(lines, line => Assert.Equal(lines[0].Count, line.Count));
        Assert.Equal($"{query.DurationNs}", lines[1][lines[0].IndexOf("duration_ns")]);
        Assert.Equal("get-closest-peers", lines[1][lines[0].IndexOf("type")]);
        Assert.Equal("", lines[2][lines[0].IndexOf("duration_ns")]);
        Assert.Equal("", lines[2][lines[0].IndexOf("key")]);
    }

    // A reader of RFC 4180, character by character.
    private static List<List<string>> Read(string csv)
    {
        var lines = new List<List<string>>();
        var line = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < csv.Length; i++)
        {
            switch (csv[i])
            {
                case '"' when quoted && i + 1 < csv.Length && csv[i + 1] == '"':
                    cell.Append('"');
                    i++;
                    break;
                case '"':
                    quoted = !quoted;
                    break;
                case ',' when !quoted:
                    line.Add(cell.ToString());
                    cell.Clear();
                    break;
                case '\r' when !quoted:
                    Assert.Equal('\n', csv[++i]);
                    line.Add(cell.ToString());
                    cell.Clear();
                    lines.Add(line);
                    line = [];
                    break;
                default:
                    cell.Append(csv[i]);
                    break;
            }
        }

        Assert.False(quoted);
        Assert.Empty(line);
        return lines;
    }
}
