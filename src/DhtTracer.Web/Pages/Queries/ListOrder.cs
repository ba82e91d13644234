using DhtTracer.Storage.Queries;
using DhtTracer.Web.Search;

namespace DhtTracer.Web.Pages.Queries;

/// <summary>The columns and orders of the list of queries.</summary>
internal static class ListOrder
{
    /// <summary>The columns that the list is sorted by, in their order.</summary>
    public static IReadOnlyList<QueryColumn> Columns { get; } =
    [
        new("c-time", "Started", QuerySort.Newest, QuerySort.Oldest),
        new("c-type", "Type", QuerySort.Type, QuerySort.TypeBackward),
        new("c-key", "Key", QuerySort.Key, QuerySort.KeyBackward),
        new("c-outcome", "Outcome", QuerySort.Outcome, QuerySort.OutcomeBackward),
        new("c-duration num", "Duration", QuerySort.Slowest, QuerySort.Fastest),
        new(
            "c-peers num",
            "Peers",
            QuerySort.MostPeers,
            QuerySort.FewestPeers,
            "Peers sent a request / peers heard of, by the query that decided"
        ),
        new("c-hops num", "Hops", QuerySort.MostHops, QuerySort.FewestHops, "Greatest hops of a queried peer, by the query that decided"),
        new("c-source", "Source", QuerySort.Source, QuerySort.SourceBackward, "Service and whose spans; sorted by whose spans"),
    ];

    /// <summary>Every order in words, for screens that have no room for heads of columns.</summary>
    public static IReadOnlyList<(QuerySort Sort, string Title)> All { get; } =
    [
        (QuerySort.Newest, "newest first"),
        (QuerySort.Oldest, "oldest first"),
        (QuerySort.Slowest, "slowest first"),
        (QuerySort.Fastest, "fastest first"),
        (QuerySort.MostPeers, "most peers first"),
        (QuerySort.FewestPeers, "fewest peers first"),
        (QuerySort.MostHops, "most hops first"),
        (QuerySort.FewestHops, "fewest hops first"),
        (QuerySort.Key, "by key"),
        (QuerySort.KeyBackward, "by key, backward"),
        (QuerySort.Type, "by type"),
        (QuerySort.TypeBackward, "by type, backward"),
        (QuerySort.Outcome, "by outcome"),
        (QuerySort.OutcomeBackward, "by outcome, backward"),
        (QuerySort.Source, "by source"),
        (QuerySort.SourceBackward, "by source, backward"),
    ];

    /// <summary>Every order as the form sends it, with its words.</summary>
    public static IEnumerable<(string Name, string Title)> Names => All.Select(static order => (NameOf(order.Sort), order.Title));

    /// <summary>An order as the form sends it: empty for the newest first, which an address does not name.</summary>
    public static string NameOf(QuerySort sort) => sort == QuerySort.Newest ? "" : QueryListAddress.SortName(sort);
}
