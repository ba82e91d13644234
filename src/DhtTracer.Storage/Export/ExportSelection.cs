using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Redaction;
using DhtTracer.Storage.Queries;

namespace DhtTracer.Storage.Export;

/// <summary>What to export: listed operations and queries, or all operations that match a filter.</summary>
public sealed record ExportSelection
{
    /// <summary>
    /// The operations or queries, in this order; an operation stands for all its queries. Null if <see cref="Filter"/> is used instead.
    /// </summary>
    public IReadOnlyList<QueryId>? Ids { get; private init; }

    /// <summary>Selects operations if <see cref="Ids"/> is null.</summary>
    public QueryFilter Filter { get; private init; } = new();

    /// <summary>Order of the operations, each with its queries. Traces are in order of arrival.</summary>
    public QuerySort Sort { get; private init; }

    /// <summary>What replaces addresses, peer ids, keys and names; null to export what was recorded.</summary>
    public Redactor? Redactor { get; init; }

    /// <summary>Selects these operations or queries, in this order.</summary>
    public static ExportSelection Of(IReadOnlyList<QueryId> ids) => new() { Ids = ids };

    /// <summary>Selects all queries of the operations that match a filter.</summary>
    public static ExportSelection Of(QueryFilter filter, QuerySort sort = QuerySort.Newest) => new() { Filter = filter, Sort = sort };
}
