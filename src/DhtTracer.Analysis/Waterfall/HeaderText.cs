using System.Globalization;

namespace DhtTracer.Analysis;

/// <summary>The texts of a query's header row. What the trace does not tell is shown as <c>?</c>, never as zero.</summary>
public static class HeaderText
{
    /// <summary><c>Seen 258, Queried 50, Dialed 30, To query 10, Remaining 15, Results 3</c>.</summary>
    public static string Counts(QueryCounts counts) =>
        string.Join(", ", Figures(counts).Select(figure => $"{figure.Name} {Number(figure.Value)}"));

    /// <summary>The same figures one by one, in the order they are shown.</summary>
    public static IReadOnlyList<(string Name, int? Value)> Figures(QueryCounts counts) =>
    [
        ("Seen", counts.Seen), ("Queried", counts.Queried), ("Dialed", counts.Dialed),
        ("To query", counts.ToQuery), ("Remaining", counts.Remaining), ("Results", counts.Results),
    ];

    /// <summary><c>7.5s, 3 rec, 258 peers</c>: duration, results, peers seen.</summary>
    public static string Summary(QuerySummary query) =>
        $"{DurationText.Of(query.DurationNs)}, {Number(query.Counts.Results)} rec, {Number(query.Counts.Seen)} peers";

    /// <summary>A count, or <see cref="DurationText.Unknown"/>.</summary>
    public static string Number(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? DurationText.Unknown;
}
