using System.Collections.Immutable;

namespace DhtTracer.Analysis.Statistics;

/// <summary>A point of a cumulative distribution: this share of the values is at most so large.</summary>
/// <param name="Value">The value, in its own unit.</param>
/// <param name="Share">Above 0, at most 1.</param>
public readonly record struct EcdfPoint(long Value, double Share);

/// <summary>The empirical cumulative distribution, for charts that lay two sets over each other.</summary>
public static class Ecdf
{
    /// <summary>
    /// Steps of the cumulative distribution, ascending; one for each distinct value, thinned by equal shares to at most
    /// <paramref name="limit"/>. Every point is exact; the least and the greatest value are always among them.
    /// </summary>
    /// <param name="values">Values in any order.</param>
    /// <param name="limit">Points at most, 2 or more.</param>
    public static ImmutableArray<EcdfPoint> Of(IEnumerable<long> values, int limit = 400)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 2);
        var sorted = values.ToArray();
        Array.Sort(sorted);
        var steps = new List<EcdfPoint>();
        for (var i = 0; i < sorted.Length; i++)
        {
            if (i == sorted.Length - 1 || sorted[i + 1] != sorted[i])
            {
                steps.Add(new EcdfPoint(sorted[i], (i + 1.0) / sorted.Length));
            }
        }

        if (steps.Count <= limit)
        {
            return [.. steps];
        }

        var thinned = ImmutableArray.CreateBuilder<EcdfPoint>(limit);
        for (var i = 0; i < limit; i++)
        {
            thinned.Add(steps[(int)((long)i * (steps.Count - 1) / (limit - 1))]);
        }

        return thinned.MoveToImmutable();
    }
}
