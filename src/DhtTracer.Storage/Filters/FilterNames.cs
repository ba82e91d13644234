using DhtTracer.Analysis.Lint;

namespace DhtTracer.Storage.Filters;

/// <summary>A name of the filter language.</summary>
/// <param name="Name">The name.</param>
/// <param name="Meaning">What it asks for, as one sentence.</param>
/// <param name="Example">A value.</param>
/// <param name="Values">The values that it can have; empty for any.</param>
public sealed record FilterName(string Name, string Meaning, string Example, IReadOnlyList<string> Values)
{
    /// <summary>Whether it can be negated.</summary>
    public bool CanBeNegated { get; init; } = true;

    /// <summary>Other words for it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];
}

/// <summary>The names of the filter language, for the parser, for completion and for documentation.</summary>
public static class FilterNames
{
    /// <summary>All names, the most used first.</summary>
    public static IReadOnlyList<FilterName> All { get; } =
    [
        new(
            "type",
            "What it was for.",
            "get-providers",
            [.. Enum.GetValues<QueryType>().Where(static type => type != QueryType.Unknown).Select(Words.Of)]
        ),
        new("outcome", "How it ended.", "failed", [.. Enum.GetValues<QueryOutcome>().Select(Words.Of)]),
        new("key", "The key in any encoding, its beginning, or its last 6 characters. A word without a name is a key.", "bafy", []),
        new("peer", "It dialed or asked this peer: the whole id, or its last 6 characters or more.", "SoooBx", []),
        new("slower", "It took at least so long.", "2s", []) { Aliases = ["min"] },
        new("faster", "It took at most so long.", "250ms", []) { Aliases = ["max"] },
        new("since", "It started within this time before now.", "24h", []) { CanBeNegated = false },
        new("from", "It started at or after this time (UTC).", "2026-11-22T08:00", []) { CanBeNegated = false },
        new("to", "It started before this time (UTC).", "2026-11-23", []) { CanBeNegated = false, Aliases = ["until"] },
        new("hour", "It started in this hour of the day (UTC), 0 to 23.", "14", []) { CanBeNegated = false },
        new("agent", "It met a peer whose agent version begins so.", "kubo/0.3", []),
        new("error", "The class of its error.", "no-peers", ErrorClass.All),
        new("peererror", "The class of the error of one of its dials or requests.", "dial-timeout", ErrorClass.All),
        new("lint", "It breaks this rule of lookups.", "DHT003", [.. LintRules.All.Select(static rule => rule.Id)]) { Aliases = ["rule"] },
        new("node", "The peer id of the querying node.", "12D3KooW…", []),
        new("service", "The service.name of its spans.", "kubo", []),
        new("source", "The program that wrote the spans.", "js-libp2p", [.. Enum.GetValues<TraceSource>().Select(Words.Of)]),
        new("minhops", "It took at least so many hops.", "2", []),
        new("maxhops", "It took at most so many hops.", "4", []),
        new("alpha", "The most requests in flight at once.", "10", []),
        new("background", "Work that nodes do for themselves.", "only", ["hidden", "shown", "only"]) { CanBeNegated = false },
        new("skipped", "Operations that had nobody to ask.", "hidden", ["hidden", "shown", "only"]) { CanBeNegated = false },
    ];

    /// <summary>The name that a word means, whatever its case; null when it is none.</summary>
    public static FilterName? Find(string word) =>
        All.FirstOrDefault(name =>
            name.Name.Equals(word, StringComparison.OrdinalIgnoreCase) || name.Aliases.Contains(word, StringComparer.OrdinalIgnoreCase)
        );

    /// <summary>The name that a mistyped word most likely means; null when none is near.</summary>
    public static string? Nearest(string word) =>
        word.Length > 20
            ? null
            : All.SelectMany(static name => name.Aliases.Prepend(name.Name))
                .Select(name => (Name: name, Edits: Edits(name, word.ToLowerInvariant())))
                .Where(static pair => pair.Edits <= 2 && pair.Edits < pair.Name.Length)
                .OrderBy(static pair => pair.Edits)
                .Select(static pair => pair.Name)
                .FirstOrDefault();

    // Levenshtein's distance.
    private static int Edits(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
