using System.Globalization;
using DhtTracer.Analysis;

namespace DhtTracer.Storage.Sqlite;

/// <summary>
/// A part of a sorted list that one index holds in order. A list by a column of few values has a part for each value, so that within each
/// the latest rows can come first whichever value is first; a list by key has one for the rows whose key nobody knows.
/// </summary>
/// <param name="Condition">Which rows, in SQL; null for all.</param>
/// <param name="Value">What they are sorted by, a whole number in SQL; rows of equal values by their number.</param>
/// <param name="Descending">Greatest first.</param>
/// <param name="ByKey">By the text of the key before the value.</param>
internal sealed record QueryOrder(string? Condition, string Value, bool Descending, bool ByKey = false)
{
    /// <summary>What the parts are sorted by before their number, in SQL.</summary>
    public IEnumerable<string> Columns => ByKey ? ["q.key_text", Value] : [Value];

    /// <summary>The parts of a list, one after the other.</summary>
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

    // Only the part of the value that is asked for: the others would be read to their end and found empty.
    private static IReadOnlyList<QueryOrder> ByValue<T>(string column, T? only, string start, bool backward = false)
        where T : struct, Enum
    {
        var parts = Enum.GetValues<T>()
            .Where(value => only is null || value.Equals(only))
            .Select(value => new QueryOrder($"{column} = {Convert.ToInt32(value, CultureInfo.InvariantCulture)}", start, true));
        return [.. backward ? parts.Reverse() : parts];
    }
}
