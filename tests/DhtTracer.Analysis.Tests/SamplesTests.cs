using System.Buffers;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using DhtTracer.Analysis.EventLog2019;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.TestSupport;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.EventLog2019;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Analysis.Tests;

/// <summary>
/// The samples are what <c>samples/README.md</c> says of them. With <c>DHT_TRACER_WRITE_SAMPLES=1</c> the made ones are written anew first.
/// </summary>
public class SamplesTests
{
    private const string Kubo = "kubo-simulated.otlp.jsonl.gz";
    private const string RealKubo = "kubo-0.43.1.otlp.pb.gz";
    private const string EventLog = "eventlog-2019-format.from-js-capture-04.txt";

    public static TheoryData<string> Copies =>
        [.. Directory.GetFiles(TestFiles.Samples("js-libp2p")).Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Copies))]
    public void The_js_libp2p_samples_are_captures_byte_for_byte(string name) =>
        Assert.Equal(File.ReadAllBytes(TestFiles.Data("js-libp2p", name)), File.ReadAllBytes(TestFiles.Samples("js-libp2p", name)));

    [Theory]
    [InlineData("life", "kubo-time", "life")]
    [InlineData("sweep", "kubo-sweep", "")]
    [InlineData("providers", "kubo-time", "fate")]
    public void Captures_over_time_are_those_of_the_tests(string sample, string kind, string capture) =>
        Assert.All(
            Directory.GetFiles(TestFiles.Samples("over-time", sample)),
            file => Assert.Equal(File.ReadAllBytes(TestFiles.Data(kind, capture, Path.GetFileName(file))), File.ReadAllBytes(file))
        );

    [Fact]
    public void The_real_kubo_sample_is_a_capture_byte_for_byte() =>
        Assert.Equal(File.ReadAllBytes(TestFiles.Data("kubo", "custom", "spans.00.pb.gz")), File.ReadAllBytes(TestFiles.Samples(RealKubo)));

    /// <summary>
    /// The truth are the query events that the commands printed: who was asked, which providers came, which peer was found.
    /// </summary>
    [Fact]
    public void Every_lookup_of_the_real_kubo_sample_is_the_one_that_its_caller_saw()
    {
        const int sendingQuery = 0;
        const int finalPeer = 2;
        const int provider = 4;
        var spans = OtlpProtobuf.Decode(Inflate(TestFiles.Samples(RealKubo))).ToLookup(static span => span.TraceId);
        var lookups = Encoding
            .UTF8.GetString(Inflate(TestFiles.Data("kubo", "custom", "truth.jsonl.gz")))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => JsonNode.Parse(line)!)
            .Where(static command => ((string)command["label"]!).StartsWith("find", StringComparison.Ordinal))
            .ToList();
        Assert.Equal(9, lookups.Count);
        foreach (var command in lookups)
        {
            var main = command["traces"]!.AsArray().Single(static trace => (string)trace!["role"]! == "main")!;
            var trace = TraceReconstruction.Reconstruct([.. spans[TraceId.FromBytes(Convert.FromHexString((string)main["id"]!))]]);
            var key = (string)(command["key"]!["cid"] ?? command["key"]!["peer"])!;
            var operation = trace.Operations.Single(one => one.Key?.Text == key);
            var events = command["lines"]!.AsArray().Select(static timed => timed![1]!).ToLookup(static one => (int)one["Type"]!);

            Assert.Equal(
                events[sendingQuery].Select(static one => (string)one["ID"]!).Distinct().Order(StringComparer.Ordinal),
                trace
                    .QueriesOf(operation.Id)
                    .SelectMany(static query => query.Peers)
                    .Where(static peer => peer.Requests.Length > 0)
                    .Select(static peer => peer.Id)
                    .Order(StringComparer.Ordinal)
            );
            var results =
                operation.Type == QueryType.FindPeer
                    ? events[finalPeer].Count()
                    : events[provider]
                        .SelectMany(static one => one["Responses"]!.AsArray())
                        .Select(static peer => (string)peer!["ID"]!)
                        .Distinct()
                        .Count();
            Assert.Equal((results > 0 ? QueryOutcome.Success : QueryOutcome.NotFound, results), (operation.Outcome, operation.Results));
        }
    }

    [Fact]
    public void The_kubo_sample_is_what_the_simulator_writes_from_its_seed()
    {
        var traces = SimulatedKubo().ToList();
        var expected = traces.SelectMany(trace => OtlpJson.Encode(trace.Spans).Append((byte)'\n')).ToArray();
        Rewrite(
            Kubo,
            stream =>
            {
                using var gzip = new GZipStream(stream, CompressionLevel.SmallestSize);
                gzip.Write(expected);
            }
        );

        Assert.Equal(expected, Inflate(TestFiles.Samples(Kubo)));
        var queries = OtlpJson
            .DecodeLines(expected)
            .GroupBy(span => span.TraceId)
            .SelectMany(trace => TraceReconstruction.Reconstruct([.. trace]).Queries)
            .ToList();
        Assert.Equal(traces.Count + traces.Count(trace => trace.LanRoot is not null), queries.Count);
    }

    [Fact]
    public void The_event_log_sample_is_the_capture_in_the_format_of_2019()
    {
        var query = Captures.OnlyQuery("04-contentRouting-findProviders");
        var output = new ArrayBufferWriter<byte>();
        EventLogWriter.Write(output, query);
        Rewrite(EventLog, stream => stream.Write(output.WrittenSpan));

        var bytes = File.ReadAllBytes(TestFiles.Samples(EventLog));

        Assert.Equal(output.WrittenSpan.ToArray(), bytes);
        var read = Assert.Single(TraceReconstruction.Reconstruct(EventLog2019Reader.Decode(bytes)).Queries);
        Assert.Equal(
            (query.Key, query.Counts.Seen, query.Counts.Queried, query.DurationNs),
            (read.Key, read.Counts.Seen, read.Counts.Queried, read.DurationNs)
        );
    }

    private static IEnumerable<KuboTrace> SimulatedKubo()
    {
        var simulator = new KuboTraceSimulator(20261122);
        foreach (
            var scenario in (KuboScenario[])
                [
                    new() { Operation = KuboOperation.FindProviders },
                    new() { Operation = KuboOperation.FindPeer, Dual = true },
                    new()
                    {
                        Operation = KuboOperation.FindPeer,
                        Exists = false,
                        CancelAfter = TimeSpan.FromMilliseconds(900),
                    },
                    new() { Operation = KuboOperation.Provide },
                    new() { Operation = KuboOperation.GetValue },
                    new() { Operation = KuboOperation.PutValue },
                    new() { Operation = KuboOperation.GetClosestPeers, MuteShare = 0.1 },
                    new() { Operation = KuboOperation.Refresh },
                    new() { Operation = KuboOperation.FindProviders, Exists = false },
                ]
        )
        {
            yield return simulator.Simulate(scenario);
        }
    }

    private static byte[] Inflate(string path)
    {
        using var inflated = new MemoryStream();
        using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        gzip.CopyTo(inflated);
        return inflated.ToArray();
    }

    private static void Rewrite(string name, Action<Stream> write)
    {
        if (Environment.GetEnvironmentVariable("DHT_TRACER_WRITE_SAMPLES") == "1")
        {
            using var stream = File.Create(TestFiles.Samples(name));
            write(stream);
        }
    }
}
