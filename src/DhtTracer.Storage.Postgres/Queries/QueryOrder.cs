using System.Globalization;
using DhtTracer.Storage.Queries;

namespace DhtTracer.Storage.Postgres.Queries;

/// <summary>
/// A part of a sorted list that one index holds in order. A list by a column with few values has one part per value, so the latest rows
/// come first within each value in either direction. A list by key has a separate part for unknown keys.
/// </summary>
/// <param name="Condition">Selects the rows, in SQL; null for all.</param>
/// <param name="Value">The sort value, a bigint expression in SQL. Rows with equal values are sorted by number.</param>
/// <param name="Descending">Greatest first.</param>
/// <param name="ByKey">Whether to sort by the key before the value.</param>
internal sealed record QueryOrder(string? Condition, string Value, bool Descending, bool ByKey = false)
{
    /// <summary>The SQL columns to sort by.</summary>
    public IReadOnlyList<string> Columns => ByKey ? ["q.key_sort", Value, "q.no"] : [Value, "q.no"];

    /// <summary>The parts of a list, in order.</summary>
    public static IReadOnlyList<QueryOrder> Of(QuerySort sort, QueryFilter filter) =>
        sort switch
        {
            QuerySort.Newest => [new(null, Start, true)],
            QuerySort.Oldest => [new(null, Start, false)],
            QuerySort.Slowest => [new(null, "coalesce(q.duration_ns, -1)", true)],
            QuerySort.Fastest => [new(null, "coalesce(q.duration_ns, 9223372036854775807)", false)],
            QuerySort.MostPeers => [new(null, "coalesce(q.seen::bigint, -1)", true)],
            QuerySort.FewestPeers => [new(null, "coalesce(q.seen::bigint, 9223372036854775807)", false)],
            QuerySort.MostHops => [new(null, "coalesce(q.hops::bigint, -1)", true)],
            QuerySort.FewestHops => [new(null, "coalesce(q.hops::bigint, 9223372036854775807)", false)],
            QuerySort.Key => [new("q.key_sort IS NOT NULL", Start, false, ByKey: true), new("q.key_sort IS NULL", Start, false)],
            QuerySort.KeyBackward => [new("q.key_sort IS NOT NULL", Start, true, ByKey: true), new("q.key_sort IS NULL", Start, true)],
            QuerySort.Type => ByValue("q.type", filter.Type),
            QuerySort.TypeBackward => ByValue("q.type", filter.Type, backward: true),
            QuerySort.Outcome => ByValue("q.outcome", filter.Outcome),
            QuerySort.OutcomeBackward => ByValue("q.outcome", filter.Outcome, backward: true),
            QuerySort.Source => ByValue("q.source", filter.Source),
            QuerySort.SourceBackward => ByValue("q.source", filter.Source, backward: true),
            _ => throw new ArgumentOutOfRangeException(nameof(sort), sort, "No such order."),
        };

    private const string Start = "q.start_ns";

    // Return only the part of the filtered value. The other parts would be searched and found empty.
    private static IReadOnlyList<QueryOrder> ByValue<T>(string column, T? only, bool backward = false)
        where T : struct, Enum
    {
        var parts = Enum.GetValues<T>()
            .Where(value => only is null || value.Equals(only))
            .Select(value => new QueryOrder($"{column} = {Convert.ToInt32(value, CultureInfo.InvariantCulture)}", Start, true));
        return [.. backward ? parts.Reverse() : parts];
    }
}
