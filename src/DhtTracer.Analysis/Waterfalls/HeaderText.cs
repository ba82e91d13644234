using System.Globalization;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Waterfalls;

/// <summary>One count in a query's header row.</summary>
/// <param name="Name">Its name: <c>Seen</c>.</param>
/// <param name="Value">The count; null when the trace does not show it.</param>
/// <param name="AtLeast">True when the count is only a lower bound.</param>
public readonly record struct HeaderFigure(string Name, int? Value, bool AtLeast = false)
{
    /// <summary><c>258</c>, <c>≥ 60</c>, or <see cref="DurationText.Unknown"/>.</summary>
    public string Text => HeaderText.Number(Value, AtLeast);
}

/// <summary>The texts of a query's header row. Unknown values are named, never shown as zero.</summary>
public static class HeaderText
{
    /// <summary>
    /// <c>Seen 258, Queried 50, Dialed 30, To query 10, Remaining 15, Results 3</c>; <see cref="Unknown"/> names unknown counts.
    /// </summary>
    public static string Counts(QueryCounts counts)
    {
        var known = string.Join(
            ", ",
            Figures(counts).Where(static figure => figure.Value is not null).Select(static figure => $"{figure.Name} {figure.Text}")
        );
        return Unknown(counts) is not { } unknown ? known
            : known.Length == 0 ? unknown
            : $"{known}; {unknown}";
    }

    /// <summary><c>not in the trace: dialed, results</c>; null when every count is known.</summary>
    public static string? Unknown(QueryCounts counts)
    {
        var names = string.Join(
            ", ",
            Figures(counts).Where(static figure => figure.Value is null).Select(static figure => figure.Name.ToLowerInvariant())
        );
        return names.Length == 0 ? null : "not in the trace: " + names;
    }

    /// <summary>The counts one by one, in the order they are shown.</summary>
    public static IReadOnlyList<HeaderFigure> Figures(QueryCounts counts) =>
        [
            new("Seen", counts.Seen, !counts.SeenComplete),
            new("Queried", counts.Queried),
            new("Dialed", counts.Dialed),
            new("To query", counts.ToQuery),
            new("Remaining", counts.Remaining),
            counts.Sent is { } sent ? new("Sent", sent) : new("Results", counts.Results),
        ];

    /// <summary>
    /// <c>7.5s, 3 rec, 258 peers</c>: duration, results, peers seen. Unknown values are left out, except that a missing end is named.
    /// </summary>
    public static string Summary(QuerySummary query)
    {
        var parts = new List<string>(3) { query.DurationNs is { } duration ? DurationText.Of(duration) : NoDuration(query) };
        if (Results(query) is { } results)
        {
            parts.Add(results);
        }

        if (query.Counts.Seen is { } seen)
        {
            parts.Add($"{Number(seen, !query.Counts.SeenComplete)} {(seen == 1 ? "peer" : "peers")}");
        }

        return string.Join(", ", parts);
    }

    /// <summary>Why there is no duration: a log of rust-libp2p shows the end of a query, but not its start.</summary>
    private static string NoDuration(QuerySummary query) =>
        query is { Source: TraceSource.RustLibp2p, Outcome: not QueryOutcome.Incomplete } ? "start not in the log" : "end not in the trace";

    /// <summary>What the caller got: <c>3 rec</c> (providers or records), <c>peer found</c>, <c>20 peers returned</c>, <c>sent to 20</c>;
    /// null when unknown.</summary>
    public static string? Results(QuerySummary query)
    {
        if (query.Counts.Sent is { } sent)
        {
            return Join("sent to", sent);
        }

        return query.Counts.Results is not { } results
            ? null
            : query.Type switch
            {
                QueryType.FindPeer => results == 0 ? "peer not found" : "peer found",
                QueryType.GetClosestPeers => Join(results, "returned"),
                QueryType.PutValue => Join("stored at", results),
                QueryType.AddProvider => Join("sent to", results),
                QueryType.Ping => results == 0 ? "no answer" : "answered",
                _ => Join(results, "rec"),
            };
    }

    /// <summary>A count, <c>≥ 60</c> when it is a lower bound, or <see cref="DurationText.Unknown"/>.</summary>
    public static string Number(int? value, bool atLeast = false) =>
        value is not { } known ? DurationText.Unknown : (atLeast ? "≥ " : "") + known.ToString(CultureInfo.InvariantCulture);

    /// <summary>The hops of a peer: <c>2</c>, <c>≥ 1</c> when only a lower bound is certain, or
    /// <see cref="DurationText.Unknown"/>.</summary>
    public static string Hops(QueryPeer peer) => Hops(peer.Hops, peer.HopsAtLeast);

    /// <summary>Hops: exact if known, else <c>≥ 1</c> if a bound above 0 is certain.</summary>
    public static string Hops(int? hops, int? atLeast) =>
        hops is not null ? Number(hops)
        : atLeast > 0 ? Number(atLeast, atLeast: true)
        : DurationText.Unknown;

    private static string Join(int count, string word) => count.ToString(CultureInfo.InvariantCulture) + " " + word;

    private static string Join(string word, int count) => word + " " + count.ToString(CultureInfo.InvariantCulture);
}
