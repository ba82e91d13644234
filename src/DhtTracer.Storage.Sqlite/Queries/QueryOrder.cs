using System.Globalization;
using DhtTracer.Storage.Queries;

namespace DhtTracer.Storage.Sqlite.Queries;

/// <summary>
/// A part of a sorted list that one index holds in order. A list by a column with few values has one part per value, so the latest rows
/// come first within each value in either direction. A list by key has a separate part for unknown keys.
/// </summary>
/// <param name="Condition">Selects the rows, in SQL; null for all.</param>
/// <param name="Value">The sort value, an integer expression in SQL. Rows with equal values are sorted by number.</param>
/// <param name="Descending">Greatest first.</param>
/// <param name="ByKey">Whether to sort by the text of the key before the value.</param>
internal sealed record QueryOrder(string? Condition, string Value, bool Descending, bool ByKey = false)
{
    /// <summary>The SQL columns to sort by, before the row number.</summary>
    public IEnumerable<string> Columns => ByKey ? ["q.key_text", Value] : [Value];

    /// <summary>The parts of a list, in order.</summary>
    public static IReadOnlyList<QueryOrder> Of(QuerySort sort, QueryFilter filter)
    {
        var start = filter.Peer is null ? "q.start_ns" : "p.start_ns";
        return sort switch
        {
            QuerySort.Newest => [new(null, start, true)],
            QuerySort.Oldest => [new(null, start, false)],
            QuerySort.Slowest => [new(null, "ifnull(q.duration_ns, -1)", true)],
            QuerySort.Fastest => [new(null, "ifnull(q.duration_ns, 9223372036854775807)", false)],
            QuerySort.MostPeers => [new(null, "ifnull(q.seen, -1)", true)],
            QuerySort.FewestPeers => [new(null, "ifnull(q.seen, 9223372036854775807)", false)],
            QuerySort.MostHops => [new(null, "ifnull(q.hops, -1)", true)],
            QuerySort.FewestHops => [new(null, "ifnull(q.hops, 9223372036854775807)", false)],
            QuerySort.Key => [new("q.key_text IS NOT NULL", start, false, ByKey: true), new("q.key_text IS NULL", start, false)],
            QuerySort.KeyBackward => [new("q.key_text IS NOT NULL", start, true, ByKey: true), new("q.key_text IS NULL", start, true)],
            QuerySort.Type => ByValue("q.type", filter.Type, start),
            QuerySort.TypeBackward => ByValue("q.type", filter.Type, start, backward: true),
            QuerySort.Outcome => ByValue("q.outcome", filter.Outcome, start),
            QuerySort.OutcomeBackward => ByValue("q.outcome", filter.Outcome, start, backward: true),
            QuerySort.Source => ByValue("q.source", filter.Source, start),
            QuerySort.SourceBackward => ByValue("q.source", filter.Source, start, backward: true),
            _ => throw new ArgumentOutOfRangeException(nameof(sort), sort, "No such order."),
        };
    }

    // Return only the part of the filtered value. The other parts would be scanned completely and found empty.
    private static IReadOnlyList<QueryOrder> ByValue<T>(string column, T? only, string start, bool backward = false)
        where T : struct, Enum
    {
        var parts = Enum.GetValues<T>()
            .Where(value => only is null || value.Equals(only))
            .Select(value => new QueryOrder($"{column} = {Convert.ToInt32(value, CultureInfo.InvariantCulture)}", start, true));
        return [.. backward ? parts.Reverse() : parts];
    }
}
