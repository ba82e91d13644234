using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>Builds an operation from its queries alone.</summary>
internal static class OperationOfQueries
{
    /// <summary>
    /// Combines the queries of one operation. It succeeded if any query did; otherwise the query that ended last decides.
    /// </summary>
    /// <param name="id">Id of the operation.</param>
    /// <param name="queries">Its queries sorted by start; at least one.</param>
    public static Operation Make(QueryId id, IReadOnlyList<Query> queries)
    {
        var decisive = Decisive(queries);
        var start = queries.Min(static query => query.StartUnixNano);
        return new Operation
        {
            Id = id,
            Type = decisive.Type,
            Key = decisive.Key,
            Source = decisive.Source,
            Service = decisive.Service,
            Node = queries.Select(static query => query.Node).FirstOrDefault(static node => node is not null),
            Background = queries.All(static query => query.Background),
            StartUnixNano = start,
            DurationNs = queries.All(static query => query.DurationNs is not null)
                ? queries.Max(query => SpanReading.Nanoseconds(start, query.StartUnixNano) + query.DurationNs)
                : null,
            Outcome = decisive.Outcome,
            Error = decisive.Error,
            DiscoveryNs = queries.Min(query => SpanReading.Nanoseconds(start, query.StartUnixNano) + query.DiscoveryNs),
            Results = decisive.Counts.Results,
            Queries =
            [
                .. queries.Select(static query => new OperationQuery(query.Id, query.Side, query.Skipped, query.Outcome, query.DurationNs)),
            ],
            Decisive = decisive.Id,
        };
    }

    /// <summary>
    /// The query that gave the answer first, or else the one that ended last. A query that had nobody to ask decides only if all are like
    /// that: then the node itself had the answer, or there was none.
    /// </summary>
    public static Query Decisive(IReadOnlyList<Query> queries)
    {
        var asked = queries.Any(static query => !query.Skipped) ? [.. queries.Where(static query => !query.Skipped)] : queries;
        return asked
                .Where(static query => query.Outcome == QueryOutcome.Success)
                .MinBy(static query => query.StartUnixNano + (ulong)(query.DiscoveryNs ?? query.DurationNs ?? 0))
            ?? asked.MaxBy(static query => query.DurationNs is { } duration ? query.StartUnixNano + (ulong)duration : ulong.MaxValue)!;
    }
}
