using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Storage.Queries;

namespace DhtTracer.Web.Search;

/// <summary>A set of operations that a page computes figures of: all that pass a filter, or the latest of them when there are too
/// many.</summary>
/// <param name="Facts">The operations, latest first. Those that had nobody to ask are not among them.</param>
/// <param name="IsCut">There are more operations than <see cref="StatisticsScope.MostOperations"/>; the older ones are left out.</param>
internal sealed record OperationSet(IReadOnlyList<OperationFacts> Facts, bool IsCut)
{
    /// <summary>A set without operations.</summary>
    public static OperationSet Empty { get; } = new([], false);

    /// <summary>When the earliest operation that is counted started, in nanoseconds since 1970; null in an empty set.</summary>
    public ulong? FirstUnixNano => Facts.Count == 0 ? null : Facts.Min(static fact => fact.StartUnixNano);

    /// <summary>When the latest operation started, in nanoseconds since 1970; null in an empty set.</summary>
    public ulong? LastUnixNano => Facts.Count == 0 ? null : Facts.Max(static fact => fact.StartUnixNano);

    /// <summary>Reads the operations that pass a filter.</summary>
    public static async Task<OperationSet> ReadAsync(TraceStore store, QueryFilter filter, CancellationToken cancellationToken)
    {
        // One more than is shown, so that a set of exactly the limit is not called cut.
        var facts = await store.ListOperationFactsAsync(filter, StatisticsScope.MostOperations + 1, cancellationToken);
        return facts.Count > StatisticsScope.MostOperations
            ? new OperationSet([.. facts.OrderByDescending(static fact => fact.StartUnixNano).Take(StatisticsScope.MostOperations)], true)
            : new OperationSet(facts, false);
    }
}
