using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Bench.Ingest;

/// <summary>
/// Where the time goes: CPU time of each stage alone, the median of some rounds. CPU time, because the wall clock also measures the
/// neighbours. Traces pass the stages in groups, as in the worker: if all were kept, the garbage collector would copy what it never has to
/// copy in production.
/// </summary>
internal static class IngestStages
{
    private const int Rounds = 3;

    /// <summary>As many traces as one transaction saves.</summary>
    private const int Group = 16;

    public static async Task<int> RunAsync(string load)
    {
        var rounds = new List<Dictionary<string, (TimeSpan Cpu, long Bytes)>>();
        var spans = 1;
        for (var round = 0; round <= Rounds; round++)
        {
            var times = new Dictionary<string, (TimeSpan Cpu, long Bytes)>();
            spans = await RoundAsync(load, times);
            if (round > 0)
            {
                // The first round compiles.
                rounds.Add(times);
            }
        }

        foreach (var stage in rounds[0].Keys)
        {
            var (cpu, bytes) = rounds.Select(times => times[stage]).Order().ElementAt(Rounds / 2);
            Console.WriteLine($"{stage, -34} {cpu.TotalMicroseconds / spans, 8:N2} us/span {bytes / spans, 8:N0} bytes allocated");
        }

        return 0;
    }

    private static async Task<int> RoundAsync(string load, Dictionary<string, (TimeSpan Cpu, long Bytes)> times)
    {
        var data = Path.Combine(Path.GetTempPath(), "dht-tracer-bench", $"stages-{Environment.ProcessId}");
        if (Directory.Exists(data))
        {
            Directory.Delete(data, recursive: true);
        }

        async Task<T> Time<T>(string stage, Func<Task<T>> run)
        {
            var (cpu, bytes) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
            var result = await run();
            var (cpuBefore, bytesBefore) = times.GetValueOrDefault(stage);
            times[stage] = (cpuBefore + Environment.CpuUsage.TotalTime - cpu, bytesBefore + GC.GetTotalAllocatedBytes() - bytes);
            return result;
        }

        Task<T> Compute<T>(string stage, Func<T> run) => Time(stage, () => Task.FromResult(run()));

        await using var store = await SqliteTraceStore.OpenAsync(
            new SqliteOptions { Directory = data, MaxPendingBytes = long.MaxValue },
            TraceReconstruction.Reconstruct
        );
        // Messages are numbered from 1 in this order.
        var parts = new List<(TraceId TraceId, AssembledPart Part)>();
        var (spans, message) = (0, 0);
        foreach (var batches in KuboLoad.Read(load).Chunk(Group))
        {
            spans += batches.Sum(batch => batch.Spans);
            var raw = await Compute("inflate the body", () => Array.ConvertAll(batches, batch => KuboLoad.Inflate(batch.Gzip)));
            var split = await Compute("check and split by trace", () => Array.ConvertAll(raw, body => OtlpSplitter.Split(body)));
            var bodies = split
                .Zip(batches)
                .Select(item => new InboxBody(
                    item.Second.Gzip,
                    BodyEncoding.Gzip,
                    [.. item.First.Slices.Select(slice => new TraceChunk(slice.TraceId, slice.Otlp, slice.SpanCount))]
                ))
                .ToList();
            await Time("store (commit)", () => Task.WhenAll(bodies.Select(StoreAsync)));
            foreach (var body in bodies)
            {
                message++;
                parts.AddRange(body.Chunks.Select(chunk => (chunk.TraceId, new AssembledPart(message, 0, chunk.Otlp))));
            }
        }

        foreach (var group in parts.GroupBy(item => item.TraceId, item => item.Part).Chunk(Group))
        {
            var assembled = Array.ConvertAll(group, trace => new AssembledTrace(trace.Key, [.. trace]));
            var contents = await Time(
                "load (assemble)",
                async () => (await store.LoadAsync(assembled)).Select(content => content!).ToArray()
            );
            var decoded = await Compute("decode", () => Array.ConvertAll(contents, content => OtlpProtobuf.Decode(content.Otlp)));
            var merged = await Compute("merge", () => Array.ConvertAll(decoded, list => SpanMerge.Merge(list)));
            var found = await Compute("reconstruct", () => Array.ConvertAll(merged, list => TraceReconstruction.Reconstruct(list)));
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
                .ToArray();
            await Compute("of saving: pack the traces", () => Array.ConvertAll(analyses, TracePacking.Pack));
            await Time("save (pack, rows, commit)", () => store.SaveAnalysesAsync(analyses));
        }

        return spans;

        async Task<bool> StoreAsync(InboxBody body)
        {
            await store.AppendMessagesAsync([body]);
            return true;
        }
    }
}
