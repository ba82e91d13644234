using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Truth.Tests.Explain;

/// <summary>Queries of captures of every source whose spans hold queries.</summary>
internal static class Captured
{
    /// <summary>The sources, in the order of the tables: its name, its kind of capture and the files that hold spans of it.</summary>
    public static IReadOnlyList<(string Name, string Kind, string Files)> Sources { get; } =
    [
        ("go-libp2p-kad-dht", "go", "spans.*.pb.gz"),
        ("Kubo", "kubo", "spans.*.pb.gz"),
        ("our node, on Rust nodes", "rust", "spans.pb.gz"),
        ("Rust adapter, native names", "rust", "adapter-native.pb.gz"),
        ("Rust adapter, Go names", "rust", "adapter-go.pb.gz"),
    ];

    /// <summary>The foreground queries of a capture that had somebody to ask, whose end is known.</summary>
    public static IReadOnlyList<Query> Queries(CaptureFolder capture, string files) => Finished(CaptureReader.Spans(capture.Files(files)));

    /// <summary>The same of the captures of js-libp2p, which are all in the repository.</summary>
    public static IReadOnlyList<Query> OfJs() =>
        Finished([
            .. Directory
                .GetFiles(TestFiles.Data("js-libp2p"), "*.json")
                .Order(StringComparer.Ordinal)
                .SelectMany(static path => OtlpJson.Decode(File.ReadAllBytes(path))),
        ]);

    private static List<Query> Finished(IEnumerable<Span> spans) =>
        [
            .. spans
                .GroupBy(static span => span.TraceId)
                .SelectMany(static trace => TraceReconstruction.Reconstruct([.. trace]).Queries)
                .Where(static query =>
                    query is { Background: false, Skipped: false, DurationNs: not null }
                    && query.Peers.Any(static peer => peer.Requests.Length > 0 || peer.Dial is not null)
                ),
        ];
}
