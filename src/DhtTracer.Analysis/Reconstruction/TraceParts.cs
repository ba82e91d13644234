using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>Joins parts of other traces to the operations of one trace.</summary>
public static class TraceParts
{
    /// <summary>Joins each part to the operation that it belongs to, and ignores parts that belong to none.</summary>
    /// <param name="trace">The reconstructed trace.</param>
    /// <param name="parts">Requests that are alone in other traces, in any order.</param>
    public static ReconstructedTrace Join(ReconstructedTrace trace, IReadOnlyCollection<LoosePart> parts)
    {
        if (parts.Count == 0)
        {
            return trace;
        }

        var operations = trace.Operations.ToBuilder();
        var queries = trace.Queries.ToBuilder();
        foreach (var owned in parts.GroupBy(part => OperationParts.Owner(trace.Operations, part)?.Id))
        {
            var operation = operations.FindIndex(item => item.Id == owned.Key);
            var query = operation < 0 ? -1 : queries.FindIndex(item => item.Id == operations[operation].Decisive);
            if (query >= 0)
            {
                (operations[operation], queries[query]) = OperationParts.Join(operations[operation], queries[query], owned);
            }
        }

        return trace with
        {
            Operations = operations.ToImmutable(),
            Queries = queries.ToImmutable(),
        };
    }

    private static int FindIndex<T>(this System.Collections.Immutable.ImmutableArray<T>.Builder items, Predicate<T> match)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (match(items[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
