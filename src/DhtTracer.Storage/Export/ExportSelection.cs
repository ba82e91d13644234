using DhtTracer.Analysis;

namespace DhtTracer.Storage;

/// <summary>What is exported: queries by name, or all that a filter lets through.</summary>
public sealed record ExportSelection
{
    /// <summary>These queries, in this order; null when <see cref="Filter"/> says which.</summary>
    public IReadOnlyList<QueryId>? Ids { get; private init; }

    /// <summary>Which queries.</summary>
    public QueryFilter Filter { get; private init; } = new();

    /// <summary>In what order queries are written. Traces come in the order in which they arrived.</summary>
    public QuerySort Sort { get; private init; }

    /// <summary>These queries, in this order.</summary>
    public static ExportSelection Of(IReadOnlyList<QueryId> ids) => new() { Ids = ids };

    /// <summary>All queries that a filter lets through.</summary>
    public static ExportSelection Of(QueryFilter filter, QuerySort sort = QuerySort.Newest) => new() { Filter = filter, Sort = sort };
}
