using System.Collections.Immutable;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport;

namespace DhtTracer.Analysis.Tests.Sweeps;

/// <summary>
/// The whole capture, where it is there: the first provides of all keys by many workers at once, a cycle, and the servers' own log of the
/// records that they got.
/// </summary>
public sealed class WholeSweepTests
{
    [Fact]
    public void Each_region_has_the_keys_of_its_lines_and_what_no_server_keeps_contradicts_the_daemon()
    {
        var folder = TestFiles.Shared("kubo-time", "sweep");
        Assert.SkipWhen(folder is null, "the capture kubo-time/sweep is not under DHT_TRACER_SHARED_DATA");
        var capture = SweepCapture.Read(folder);
        var truth = Truth.Read(folder);

        var report = SweepAnalysis.Of(
            [.. capture.Spans, .. capture.Log, .. capture.Statistics],
            new SweepOptions { Lookups = truth.Lookups(1_796_021_680_000_000_000) }
        );

        // While many workers provide the first keys, two may send near one region within 60 ms: their lines together have its keys.
        var visits = report.Batches.Where(batch => batch.HasSpans).SelectMany(batch => batch.Visits).ToList();
        var sent = capture.Sent.ToList();
        foreach (var visit in visits)
        {
            var keys = visit.Marks.Select(mark => Convert.ToHexStringLower(mark.Key.AsSpan())).ToHashSet();
            var lines = sent.Where(line =>
                line.Keys.Overlaps(keys)
                && line.UnixNano + 5_000_000 >= visit.StartUnixNano
                && line.UnixNano <= visit.EndUnixNano + 4_000_000_000
            );
            Assert.True(keys.SetEquals(lines.SelectMany(line => line.Keys)), $"{visit.Prefix} at {visit.StartUnixNano}");
        }

        Assert.Equal(46, visits.Count);
        Assert.Equal(13, report.Singles.Length);
        Assert.Equal(2001, report.Keys);
        Assert.Equal(truth.DeadPart, report.Silent.Select(part => part.Prefix.ToString()));
        Assert.All(report.Regions, region => Assert.False(region.IsLate));

        // The servers' log: the keys of no server that keeps records lie in the two parts that the report names.
        Assert.Equal(["0010", "0111"], report.Forgetting.Select(part => part.Prefix.ToString()));
        var unkept = truth.UnkeptKeys().ToList();
        Assert.InRange(unkept.Count, 200, 210);
        Assert.All(unkept, key => Assert.Contains(report.Forgetting, part => part.Prefix.Contains(key)));
        Assert.Contains(
            report.Contradictions,
            sentence => sentence.StartsWith("Kubo counts 0 failed keys and 19.8 holders on average, but", StringComparison.Ordinal)
        );
    }

    /// <summary>What the servers wrote down.</summary>
    private sealed class Truth
    {
        private readonly Dictionary<int, (ulong Position, string Fault)> _servers = [];
        private readonly List<ulong> _keys = [];
        private readonly HashSet<(int Key, int Server)> _got = [];

        /// <summary>The part in which all servers were dead.</summary>
        public IEnumerable<string> DeadPart => ["110"];

        public static Truth Read(string folder)
        {
            var truth = new Truth();
            foreach (var node in JsonDocument.Parse(Unpacked(folder, "network.json.gz")).RootElement.GetProperty("nodes").EnumerateArray())
            {
                truth._servers.Add(
                    node.GetProperty("i").GetInt32(),
                    (KeyPrefix.PositionOf(PeerId.Parse(node.GetProperty("id").GetString()!).Bytes), node.GetProperty("fault").GetString()!)
                );
            }

            foreach (var key in JsonDocument.Parse(Unpacked(folder, "keys.json.gz")).RootElement.EnumerateArray())
            {
                truth._keys.Add(KeyPrefix.PositionOf(Cid.Parse(key.GetString()!).Multihash.Bytes));
            }

            foreach (var line in Unpacked(folder, "messages.csv.gz").Split('\n').Skip(1).Where(line => line.Length > 0))
            {
                var columns = line.Split(',');
                var key = int.Parse(columns[2], CultureInfo.InvariantCulture);
                if (key >= 0)
                {
                    truth._got.Add((key, int.Parse(columns[1], CultureInfo.InvariantCulture)));
                }
            }

            return truth;
        }

        /// <summary>The keys that only servers got which keep nothing.</summary>
        public IEnumerable<ulong> UnkeptKeys() =>
            _keys.Where((_, key) => !_servers.Any(server => server.Value.Fault.Length == 0 && _got.Contains((key, server.Key))));

        /// <summary>Lookups as somebody else would make them: each tenth key, at its twenty nearest servers that answer.</summary>
        public ImmutableArray<SweepLookup> Lookups(ulong unixNano) =>
            [
                .. _keys
                    .Select((position, key) => (position, key))
                    .Where(item => item.key % 10 == 0)
                    .Select(item => new SweepLookup(
                        item.position,
                        unixNano,
                        [
                            .. _servers
                                .Where(server => server.Value.Fault != "dead")
                                .OrderBy(server => server.Value.Position ^ item.position)
                                .Take(20)
                                .Select(server =>
                                    (server.Value.Position, server.Value.Fault.Length == 0 && _got.Contains((item.key, server.Key)))
                                ),
                        ]
                    )),
            ];

        private static string Unpacked(string folder, string file)
        {
            using var gzip = new GZipStream(File.OpenRead(Path.Combine(folder, file)), CompressionMode.Decompress);
            using var reader = new StreamReader(gzip, Encoding.UTF8);
            return reader.ReadToEnd();
        }
    }
}
