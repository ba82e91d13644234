using System.Collections.Immutable;

namespace DhtTracer.Analysis;

/// <summary>An operation whose own span tells nothing beyond its queries.</summary>
internal static class OperationOfQueries
{
    /// <summary>Puts queries of one operation together: success when any of them succeeded, else what the one says that ended last.</summary>
    /// <param name="id">Id of the operation.</param>
    /// <param name="queries">Its queries by start; at least one.</param>
    public static Operation Make(QueryId id, ImmutableArray<Query> queries)
    {
        var asked = queries.Where(static query => !query.Skipped).ToList();
        var decisive = Decisive(asked.Count > 0 ? asked : [.. queries]);
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
            Results = queries is [var only] ? only.Counts.Results : decisive.Counts.Results,
            Queries = [.. queries.Select(static query => new OperationQuery(query.Id, query.Side, query.Skipped, query.Outcome, query.DurationNs))],
            Decisive = decisive.Id,
        };
    }

    private static Query Decisive(List<Query> queries) =>
        queries.Where(static query => query.Outcome == QueryOutcome.Success).MinBy(static query => query.StartUnixNano + (ulong)(query.DiscoveryNs ?? query.DurationNs ?? 0))
        ?? queries.MaxBy(static query => query.StartUnixNano + (ulong)(query.DurationNs ?? 0))!;
}
