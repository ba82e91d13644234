using System.IO.Compression;
using System.Text.Json;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Traces.KuboLogs;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Analysis.Tests.Sweeps;

/// <summary>A capture of a sweep: its facts, and its log, which is read here without any of our code.</summary>
public sealed class SweepCapture
{
    private SweepCapture(IReadOnlyList<SweepFact> spans, IReadOnlyList<byte[]> lines, IReadOnlyList<SweepFact> statistics)
    {
        (Spans, Statistics) = (spans, statistics);
        var maker = new KuboLogSpans(null);
        Lines = [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Log = FactsOf(lines.Select(line => KuboLogLine.Parse(line)!).Where(static line => line.IsOfSweep).Select(maker.Of));
    }

    /// <summary>Facts of the daemon's spans.</summary>
    public IReadOnlyList<SweepFact> Spans { get; }

    /// <summary>Facts of its log.</summary>
    public IReadOnlyList<SweepFact> Log { get; }

    /// <summary>Its answers to <c>provide/stat</c>.</summary>
    public IReadOnlyList<SweepFact> Statistics { get; }

    /// <summary>The lines of its log.</summary>
    public IReadOnlyList<JsonElement> Lines { get; }

    /// <summary>What the lines <c>sent provider records</c> tell: region and keys (hex of the multihash).</summary>
    public IEnumerable<(ulong UnixNano, string Prefix, HashSet<string> Keys)> Sent =>
        Lines
            .Where(static line => line.GetProperty("msg").GetString() == "sent provider records")
            .Select(line =>
                (
                    (ulong)(line.GetProperty("ts").GetDateTimeOffset() - DateTimeOffset.UnixEpoch).Ticks * 100,
                    line.GetProperty("prefix").GetString()!,
                    line.GetProperty("keys")
                        .EnumerateArray()
                        .Select(static key => Convert.ToHexStringLower(key.GetBytesFromBase64()))
                        .ToHashSet()
                )
            );

    /// <summary>Reads a capture.</summary>
    /// <param name="folder">Its folder.</param>
    public static SweepCapture Read(string folder)
    {
        var spans = Directory
            .GetFiles(folder, "spans*.pb.gz")
            .Order(StringComparer.Ordinal)
            .SelectMany(static path => OtlpProtobuf.Decode(Unpacked(path)))
            .Where(static span => span.Name.StartsWith("KademliaDHT.", StringComparison.Ordinal) || span.Name == "IpfsDHT.Provide")
            .ToList();
        return new SweepCapture(FactsOf(spans), [.. LinesOf(folder, "log.jsonl.gz")], [.. Answers(folder)]);
    }

    private static IEnumerable<SweepFact> Answers(string folder)
    {
        var maker = new KuboLogSpans(null);
        return FactsOf(
            LinesOf(folder, "provide-stat.jsonl.gz")
                .Select(static line => JsonDocument.Parse(line).RootElement)
                .Select(answer => maker.Statistics("provide/stat", answer[0].GetUInt64(), answer[1].GetRawText()))
        );
    }

    private static IReadOnlyList<SweepFact> FactsOf(IEnumerable<Span> spans) =>
        [.. spans.GroupBy(static span => span.TraceId).SelectMany(static trace => TraceReconstruction.Reconstruct([.. trace]).Sweep)];

    /// <summary>Lines; <c>[time, line]</c> is the line.</summary>
    private static IEnumerable<byte[]> LinesOf(string folder, string file) =>
        System
            .Text.Encoding.UTF8.GetString(Unpacked(Path.Combine(folder, file)))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => file.StartsWith("log", StringComparison.Ordinal) && line[0] == '[' ? line[(line.IndexOf(',') + 1)..^1] : line)
            .Select(System.Text.Encoding.UTF8.GetBytes);

    private static byte[] Unpacked(string path)
    {
        using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var all = new MemoryStream();
        gzip.CopyTo(all);
        return all.ToArray();
    }
}
