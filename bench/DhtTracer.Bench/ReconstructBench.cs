using System.Diagnostics;
using DhtTracer.Analysis;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Bench;

/// <summary>How many Kubo queries one thread reconstructs in a second, spans in memory. CPU time, as in <see cref="CodecBench"/>.</summary>
internal static class ReconstructBench
{
    private const int Traces = 200;

    public static void Run(TextWriter output)
    {
        var traces = new KuboTraceSimulator(1).Simulate(Traces).Select(trace => (IReadOnlyList<Span>)trace.Spans).ToList();
        var spans = traces.Sum(trace => trace.Count);
        var bytes = traces.Sum(trace => (long)OtlpProtobuf.Encode(trace).Length);
        output.WriteLine($"{Traces} simulated queries, {spans / Traces} spans a query, {bytes / spans} bytes a span in protobuf");
        for (var warmUp = 0; warmUp < 3; warmUp++)
        {
            traces.ForEach(trace => TraceReconstruction.Reconstruct(trace));
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        var wall = Stopwatch.StartNew();
        var rounds = 0;
        while (wall.ElapsedMilliseconds < 4000)
        {
            traces.ForEach(trace => TraceReconstruction.Reconstruct(trace));
            rounds++;
        }

        process.Refresh();
        var seconds = (process.TotalProcessorTime - before).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        output.WriteLine(
            $"{rounds * Traces / seconds:N0} queries/s, {seconds * 1e6 / (rounds * Traces):N0} µs a query, "
                + $"{allocated / rounds / Traces / 1024:N0} KiB allocated a query"
        );
    }
}
