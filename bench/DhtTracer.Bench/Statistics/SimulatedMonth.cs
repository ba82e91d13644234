using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage;
using DhtTracer.Storage.Traces;
using DhtTracer.TestSupport;
using DhtTracer.TestSupport.ArchiveSimulator;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Bench.Statistics;

/// <summary>
/// Simulated lookups of 30 days, evenly spread until now, the second half over a network that lost many of its peers. A few hundred lookups
/// are simulated and come again under other ids and times; their spans and rows are written one by one, as an analysis would.
/// </summary>
internal static class SimulatedMonth
{
    /// <summary>Days that it covers.</summary>
    public const int Days = 30;

    private const int Seed = 20261122;
    private const int Different = 300;
    private const int Batch = 250;

    private static readonly QueryType[] Types = [QueryType.GetClosestPeers, QueryType.FindPeer, QueryType.GetProviders];

    public static async Task WriteAsync(TraceStore store, int queries)
    {
        var healthy = Lookups(new SimulatedNetwork(Seed, size: 1000, medianRoundTripNs: 40e6));
        var faulty = Lookups(
            new SimulatedNetwork(Seed, size: 1000, new NetworkFaults(Dead: 0.15, Refusing: 0.1, BlackHoles: 0.03), medianRoundTripNs: 70e6)
        );
        var end = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
        var apart = (ulong)TimeSpan.FromDays(Days).Ticks * 100 / (ulong)queries;
        foreach (var numbers in Enumerable.Range(0, queries).Chunk(Batch))
        {
            var batch = numbers
                .Select(i =>
                {
                    var id = new QueryId(new TraceId(0x5EED, (ulong)i + 1), new SpanId((ulong)i + 1));
                    var lookups = i < queries / 2 ? healthy : faulty;
                    return lookups[i % Different] with { Id = id, OperationId = id, StartUnixNano = end - ((ulong)(queries - i) * apart) };
                })
                .ToList();
            await WriteAsync(store, batch);
        }
    }

    private static List<Query> Lookups(SimulatedNetwork network) =>
        [
            .. Enumerable
                .Range(0, Different)
                .Select(i => new LookupSimulator(network).Run(LookupSimulator.NewLookup(network, Types[i % Types.Length], Seed + i))),
        ];

    private static async Task WriteAsync(TraceStore store, List<Query> batch)
    {
        var spans = batch.ConvertAll(NativeTrace.Of);
        await store.AppendAsync([.. spans.Select(trace => new TraceChunk(trace[0].TraceId, OtlpProtobuf.Encode(trace), trace.Count))]);
        var analyses = new List<TraceAnalysis>();
        foreach (var (trace, query) in spans.Zip(batch))
        {
            var content =
                await store.LoadAsync(trace[0].TraceId) ?? throw new InvalidOperationException("the trace that was just stored is gone");
            analyses.Add(
                new TraceAnalysis
                {
                    Content = content,
                    Otlp = content.Otlp,
                    Spans = trace,
                    Found = ReconstructedTrace.Of([query]),
                    Version = 1,
                }
            );
        }

        await store.SaveAnalysesAsync(analyses);
    }
}
