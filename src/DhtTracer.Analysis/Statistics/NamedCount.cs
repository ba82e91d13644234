using System.Collections.Immutable;

namespace DhtTracer.Analysis.Statistics;

/// <summary>How often something of this name occurred.</summary>
/// <param name="Name">Error class, agent version, ...; hostile text when it comes from a span.</param>
/// <param name="Count">How often.</param>
public sealed record NamedCount(string Name, long Count)
{
    /// <summary>Counts names, ordered by rank and then by name (ordinal).</summary>
    internal static ImmutableArray<NamedCount> Tally(IEnumerable<string> names, Func<string, int> rank) =>
    [
        .. names.GroupBy(static name => name, StringComparer.Ordinal)
            .Select(static group => new NamedCount(group.Key, group.Count()))
            .OrderBy(count => rank(count.Name))
            .ThenBy(static count => count.Name, StringComparer.Ordinal),
    ];

    /// <summary>Adds counts of the same name, most frequent first, then by name (ordinal).</summary>
    internal static ImmutableArray<NamedCount> Sum(IEnumerable<NamedCount> counts) =>
    [
        .. counts.GroupBy(static count => count.Name, StringComparer.Ordinal)
            .Select(static group => new NamedCount(group.Key, group.Sum(static count => count.Count)))
            .OrderByDescending(static count => count.Count)
            .ThenBy(static count => count.Name, StringComparer.Ordinal),
    ];
}
