using DhtTracer.Analysis;

namespace DhtTracer.Storage;

/// <summary>What is exported: operations and queries by name, or those of all operations that a filter lets through.</summary>
public sealed record ExportSelection
{
    /// <summary>These operations or queries, in this order; of an operation all its queries. Null when <see cref="Filter"/> says
    /// which.</summary>
    public IReadOnlyList<QueryId>? Ids { get; private init; }

    /// <summary>Which operations.</summary>
    public QueryFilter Filter { get; private init; } = new();

    /// <summary>In what order operations are written, each with its queries. Traces come in the order in which they arrived.</summary>
    public QuerySort Sort { get; private init; }

    /// <summary>These operations or queries, in this order.</summary>
    public static ExportSelection Of(IReadOnlyList<QueryId> ids) => new() { Ids = ids };

    /// <summary>All queries of the operations that a filter lets through.</summary>
    public static ExportSelection Of(QueryFilter filter, QuerySort sort = QuerySort.Newest) => new() { Filter = filter, Sort = sort };
}
