using System.IO.Compression;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.EventLog2019;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.RustLogs;

namespace DhtTracer.TestSupport;

/// <summary>One capture of each dialect that stands in the repository, read and reconstructed once.</summary>
public static class DialectCaptures
{
    /// <summary>Traces of one dialect. More say nothing new, and cost the tests time.</summary>
    private const int MostTraces = 15;

    private static readonly Dictionary<string, Lazy<IReadOnlyList<ReconstructedTrace>>> Read = new(StringComparer.Ordinal)
    {
        ["native, our node"] = new(() => Spans(Protobuf("rust", "product-on-rust", "spans.pb.gz"))),
        ["native, the adapter for rust-libp2p"] = new(() => Spans(Protobuf("rust", "rust-lookups", "adapter-native.pb.gz"))),
        ["go-libp2p-kad-dht"] = new(() =>
            Spans(Directory.GetFiles(TestFiles.Data("go", "optprov"), "*.pb.gz").SelectMany(file => OtlpProtobuf.Decode(Inflate(file))))
        ),
        ["Kubo"] = new(() => Spans(Protobuf("kubo", "custom", "spans.00.pb.gz"))),
        ["Kubo's query events"] = new(() => Spans(KuboEvents("findprovs-5").Concat(KuboEvents("findpeer")))),
        ["Kubo's spans with its query events"] = new(Joined),
        ["js-libp2p"] = new(() =>
            Spans(Directory.GetFiles(TestFiles.Data("js-libp2p"), "*.json").SelectMany(file => OtlpJson.Decode(File.ReadAllBytes(file))))
        ),
        ["rust-libp2p, human log"] = new(() => Spans(RustLog("rust-lookups", "log.fmt.log.gz"))),
        ["rust-libp2p, JSON log"] = new(() => Spans(RustLog("rust-writes", "log.json-ms.jsonl.gz"))),
        ["litep2p, human log"] = new(() => Spans(RustLog("litep2p-lookups", "log.fmt.log.gz"))),
        ["litep2p, JSON log"] = new(() => Spans(RustLog("litep2p-writes", "log.json-tm.jsonl.gz"))),
        ["event log of 2019"] = new(() =>
            Spans(EventLog2019Reader.Decode(File.ReadAllBytes(Directory.GetFiles(TestFiles.Samples(), "*.txt").Single()), []))
        ),
    };

    /// <summary>What there is.</summary>
    public static IReadOnlyCollection<string> Names => Read.Keys;

    /// <summary>The traces of a capture in which something was asked.</summary>
    public static IReadOnlyList<ReconstructedTrace> Traces(string name) => Read[name].Value;

    private static List<ReconstructedTrace> Spans(IEnumerable<Span> spans) =>
        [
            .. spans
                .GroupBy(static span => span.TraceId)
                .Select(static trace => TraceReconstruction.Reconstruct([.. trace]))
                .Where(static trace => trace.Operations.Any(static operation => !operation.Background))
                .Take(MostTraces),
        ];

    private static List<ReconstructedTrace> Joined()
    {
        var command = CapturedCommand.Of("file-exporter", "findprovs-5");
        var stream = KuboEvents("findprovs-5");
        var trace = Directory
            .GetFiles(TestFiles.Data("kubo", "file-exporter"), "spans.*.pb.gz")
            .SelectMany(static file => OtlpProtobuf.Decode(Inflate(file)))
            .Where(span => span.TraceId.ToString() == command.Trace)
            .ToList();
        var operation = TraceReconstruction.Reconstruct(trace).Operations.Single(static operation => !operation.Background);
        var links = new TraceLinks { Streams = [new JoinedStream(stream[0].SpanId, operation.Id.SpanId, stream)] };
        return [links.Reconstruct(TraceReconstruction.Reconstruct, trace)];
    }

    private static IReadOnlyList<Span> KuboEvents(string label)
    {
        var command = CapturedCommand.Of("file-exporter", label);
        return KuboEventReader.Decode(CapturedStream.Saved(command), new TraceHints { Key = CapturedStream.Key(command) });
    }

    private static IReadOnlyList<Span> Protobuf(params string[] file) => OtlpProtobuf.Decode(Inflate(TestFiles.Data(file)));

    private static List<Span> RustLog(string folder, string file)
    {
        var reader = new RustLogReader(TraceHints.None, []);
        return [.. reader.Read(Inflate(TestFiles.Data("rust", folder, file))), .. reader.Finish()];
    }

    private static byte[] Inflate(string file)
    {
        using var all = new MemoryStream();
        using var gzip = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        gzip.CopyTo(all);
        return all.ToArray();
    }
}
