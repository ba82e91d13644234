using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace DhtTracer.Analysis.Statistics;

/// <summary>Sums names with counts over operations: how often each occurred, and in how many operations.</summary>
public sealed class TallySums
{
    private readonly Dictionary<string, (long Count, int Operations)> _sums = new(StringComparer.Ordinal);

    /// <summary>Names by count, most frequent first, then by name (ordinal).</summary>
    public ImmutableArray<NamedCount> Counts => Sorted(static sum => sum.Count);

    /// <summary>Names by the number of operations that had them, most frequent first, then by name (ordinal).</summary>
    public ImmutableArray<NamedCount> Operations => Sorted(static sum => sum.Operations);

    /// <summary>How often a name occurred.</summary>
    public long CountOf(string name) => _sums.GetValueOrDefault(name).Count;

    /// <summary>Adds to a name.</summary>
    /// <param name="name">The name; hostile text when it comes from a span.</param>
    /// <param name="count">How often it occurred.</param>
    /// <param name="operations">In how many operations.</param>
    public void Add(string name, long count, int operations)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, name, out _);
        sum = (sum.Count + count, sum.Operations + operations);
    }

    /// <summary>Adds the names of one operation.</summary>
    public void Add(ImmutableArray<NamedCount> operation)
    {
        for (var i = 0; i < operation.Length; i++)
        {
            var isRepeated = operation.AsSpan(0, i).ContainsName(operation[i].Name);
            Add(operation[i].Name, operation[i].Count, isRepeated ? 0 : 1);
        }
    }

    private ImmutableArray<NamedCount> Sorted(Func<(long Count, int Operations), long> of) =>
        [
            .. _sums
                .Select(sum => new NamedCount(sum.Key, of(sum.Value)))
                .OrderByDescending(static count => count.Count)
                .ThenBy(static count => count.Name, StringComparer.Ordinal),
        ];
}

file static class NamedCounts
{
    public static bool ContainsName(this ReadOnlySpan<NamedCount> counts, string name)
    {
        foreach (var count in counts)
        {
            if (count.Name == name)
            {
                return true;
            }
        }

        return false;
    }
}
