using System.Diagnostics;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Storage.Sqlite.Traces;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Bench.Ingest;

/// <summary>Where the time goes: CPU time of each stage alone. CPU time, because the wall clock also measures the neighbours.</summary>
internal static class IngestStages
{
    private const int SavedTogether = 16;

    public static async Task<int> RunAsync(string load)
    {
        // The first round compiles.
        await RoundAsync(load, report: false);
        await RoundAsync(load, report: true);
        return 0;
    }

    private static async Task RoundAsync(string load, bool report)
    {
        var batches = KuboLoad.Read(load);
        var spans = batches.Sum(batch => batch.Spans);
        void Report(string stage, TimeSpan time)
        {
            if (report)
            {
                Console.WriteLine($"{stage, -34} {time.TotalMicroseconds / spans, 8:N2} us/span");
            }
        }

        var data = Path.Combine(Path.GetTempPath(), "dht-tracer-bench", "stages");
        if (Directory.Exists(data))
        {
            Directory.Delete(data, recursive: true);
        }

        T Time<T>(string stage, Func<T> run)
        {
            var started = Cpu();
            var result = run();
            Report(stage, Cpu() - started);
            return result;
        }

        var raw = Time("inflate the body", () => batches.ConvertAll(batch => KuboLoad.Inflate(batch.Gzip)));
        var split = Time("check and split by trace", () => raw.ConvertAll(body => OtlpSplitter.Split(body)));
        var bodies = split
            .Zip(batches)
            .Select(item => new InboxBody(
                item.Second.Gzip,
                BodyEncoding.Gzip,
                [.. item.First.Slices.Select(slice => new TraceChunk(slice.TraceId, slice.Otlp, slice.SpanCount))]
            ))
            .ToList();
        await using var store = await SqliteTraceStore.OpenAsync(
            new SqliteOptions { Directory = data, MaxPendingBytes = long.MaxValue },
            TraceReconstruction.Reconstruct
        );
        var before = Cpu();
        await Task.WhenAll(bodies.Select(body => store.AppendAsync(body)));
        Report("store (commit)", Cpu() - before);

        // Messages are numbered from 1 in this order.
        var assembled = bodies
            .SelectMany((body, i) => body.Chunks.Select(chunk => (chunk.TraceId, Part: new AssembledPart(i + 1, 0, chunk.Otlp))))
            .GroupBy(item => item.TraceId)
            .Select(trace => new AssembledTrace(trace.Key, [.. trace.Select(item => item.Part)]))
            .ToList();
        var contents = new List<TraceContent>();
        before = Cpu();
        foreach (var group in assembled.Chunk(SavedTogether))
        {
            contents.AddRange((await store.LoadAsync(group)).Select(content => content!));
        }

        Report("load (assemble)", Cpu() - before);
        var decoded = Time("decode", () => contents.ConvertAll(content => OtlpProtobuf.Decode(content.Otlp)));
        var merged = Time("merge", () => decoded.ConvertAll(list => SpanMerge.Merge(list)));
        var found = Time("reconstruct", () => merged.ConvertAll(list => TraceReconstruction.Reconstruct(list)));
        var analyses = contents
            .Select(
                (content, i) =>
                    new TraceAnalysis
                    {
                        Content = content,
                        Otlp = content.Otlp,
                        Spans = merged[i],
                        Found = found[i],
                        Version = 1,
                    }
            )
            .ToList();
        Time("of saving: pack the traces", () => analyses.ConvertAll(analysis => TracePacking.Pack(analysis)));
        before = Cpu();
        foreach (var group in analyses.Chunk(SavedTogether))
        {
            await store.SaveAnalysesAsync(group);
        }

        Report("save (pack, rows, commit)", Cpu() - before);
    }

    private static TimeSpan Cpu()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
