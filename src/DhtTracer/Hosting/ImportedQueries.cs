using DhtTracer.Analysis;
using DhtTracer.Storage;
using DhtTracer.Traces;

namespace DhtTracer.Hosting;

/// <summary>Counts the queries in traces that were imported.</summary>
internal static class ImportedQueries
{
    /// <summary>Queries, background ones included, as they are stored now.</summary>
    public static async Task<int> CountAsync(TraceStore store, IEnumerable<TraceId> traces, CancellationToken cancellation)
    {
        var count = 0;
        foreach (var trace in traces)
        {
            count += TraceReconstruction.Reconstruct(await store.GetTraceAsync(trace, cancellation)).Queries.Length;
        }

        return count;
    }
}
