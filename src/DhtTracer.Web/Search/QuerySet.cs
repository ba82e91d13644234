using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;

namespace DhtTracer.Web.Search;

/// <summary>A set of queries that a page computes figures of: all that pass a filter, or the latest of them when there are too many.</summary>
/// <param name="Facts">The queries, latest first.</param>
/// <param name="IsCut">There are more queries than <see cref="StatisticsScope.MostQueries"/>; the older ones are left out.</param>
internal sealed record QuerySet(IReadOnlyList<QueryFacts> Facts, bool IsCut)
{
    /// <summary>A set without queries.</summary>
    public static QuerySet Empty { get; } = new([], false);

    /// <summary>When the earliest query that is counted started, in nanoseconds since 1970; null in an empty set.</summary>
    public ulong? FirstUnixNano => Facts.Count == 0 ? null : Facts.Min(static fact => fact.StartUnixNano);

    /// <summary>When the latest query started, in nanoseconds since 1970; null in an empty set.</summary>
    public ulong? LastUnixNano => Facts.Count == 0 ? null : Facts.Max(static fact => fact.StartUnixNano);

    /// <summary>Reads the queries that pass a filter.</summary>
    public static async Task<QuerySet> ReadAsync(TraceStore store, QueryFilter filter, CancellationToken cancellationToken)
    {
        // One more than is shown, so that a set of exactly the limit is not called cut.
        var facts = await store.ListQueryFactsAsync(filter, StatisticsScope.MostQueries + 1, cancellationToken);
        return facts.Count > StatisticsScope.MostQueries
            ? new QuerySet([.. facts.OrderByDescending(static fact => fact.StartUnixNano).Take(StatisticsScope.MostQueries)], true)
            : new QuerySet(facts, false);
    }
}
