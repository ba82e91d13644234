using System.Collections.Immutable;
using System.Runtime.InteropServices;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Statistics;

/// <summary>The number of occurrences of a name.</summary>
/// <param name="Name">Error class, agent version, ...; hostile text when it comes from a span.</param>
/// <param name="Count">Number of occurrences.</param>
public sealed record NamedCount(string Name, long Count)
{
    /// <summary>Counts names, ordered by rank and then by name (ordinal).</summary>
    internal static ImmutableArray<NamedCount> Tally(IEnumerable<string> names, Func<string, int> rank) =>
        [
            .. names
                .GroupBy(static name => name, StringComparer.Ordinal)
                .Select(static group => new NamedCount(group.Key, group.Count()))
                .OrderBy(count => rank(count.Name))
                .ThenBy(static count => count.Name, StringComparer.Ordinal),
        ];

    /// <summary>Adds counts of the same name, most frequent first, then by name (ordinal).</summary>
    internal static ImmutableArray<NamedCount> Sum(IEnumerable<NamedCount> counts)
    {
        var sums = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, count) in counts)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(sums, name, out _) += count;
        }

        return
        [
            .. sums.Select(static sum => new NamedCount(sum.Key, sum.Value))
                .OrderByDescending(static count => count.Count)
                .ThenBy(static count => count.Name, StringComparer.Ordinal),
        ];
    }
}
