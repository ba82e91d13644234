using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Sweeps;

namespace DhtTracer.Storage.Sweeps;

/// <summary>Fills what became of found providers with lines of the daemon's log, where the archive has them.</summary>
public static class FateLogReader
{
    /// <summary>Most lines of one daemon that are read for a request.</summary>
    public const int MostLines = 20_000;

    /// <summary>
    /// Fills an operation. When lines of two daemons fit, because the spans or the logs do not name their node, nothing is filled: whose
    /// block it was cannot be told.
    /// </summary>
    /// <returns>The operation; the same object when there is nothing to fill or the log does not tell.</returns>
    /// <exception cref="DatabaseException">The database cannot be read.</exception>
    public static async Task<Operation> FillAsync(TraceStore store, Operation operation, CancellationToken cancellationToken = default)
    {
        if (operation.Fates is not { } fates)
        {
            return operation;
        }

        var (from, to) = FateLog.TimeOf(operation.StartUnixNano, fates);
        var filled = new List<ProviderFates>();
        foreach (var source in await store.ListSweepSourcesAsync(cancellationToken))
        {
            // A saved log does not name its node, and spans need not: what is not told may be the same.
            var isAnothers =
                source.Instance is { } instance
                && (operation.Node is not null || operation.Instance is not null)
                && instance != operation.Node
                && instance != operation.Instance;
            if (isAnothers || source.LastUnixNano < from || source.FirstUnixNano > to)
            {
                continue;
            }

            var lines = await store.ListBlockAnswersAsync(source.Service, source.Instance, from, to, MostLines, cancellationToken);
            var one = FateLog.Fill(fates, operation.StartUnixNano, lines);
            if (!ReferenceEquals(one, fates))
            {
                filled.Add(one);
            }
        }

        return filled is [var only] ? operation with { Fates = only } : operation;
    }
}
