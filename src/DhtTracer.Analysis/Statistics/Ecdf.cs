using System.Collections.Immutable;

namespace DhtTracer.Analysis.Statistics;

/// <summary>A point of a cumulative distribution: this share of the values is at most <see cref="EcdfPoint.Value"/>.</summary>
/// <param name="Value">The value, in its own unit.</param>
/// <param name="Share">Above 0, at most 1.</param>
public readonly record struct EcdfPoint(long Value, double Share);

/// <summary>The empirical cumulative distribution, for charts that overlay two sets.</summary>
public static class Ecdf
{
    /// <summary>
    /// The steps of the cumulative distribution in ascending order, one for each distinct value. More than <paramref name="limit"/> steps
    /// are reduced at equal distances of share. Every point is exact; the least and the greatest value are always included.
    /// </summary>
    /// <param name="values">Values in any order.</param>
    /// <param name="limit">Most points, at least 2.</param>
    public static ImmutableArray<EcdfPoint> Of(IEnumerable<long> values, int limit = 400)
    {
        var sorted = values.ToArray();
        RadixSort.Sort(sorted);
        return OfSorted(sorted, limit);
    }

    /// <summary>The same for values sorted in ascending order.</summary>
    /// <param name="sorted">Values, ascending.</param>
    /// <param name="limit">Most points, at least 2.</param>
    public static ImmutableArray<EcdfPoint> OfSorted(ReadOnlySpan<long> sorted, int limit = 400)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 2);
        var steps = sorted.IsEmpty ? 0 : 1;
        for (var i = 1; i < sorted.Length; i++)
        {
            steps += sorted[i] != sorted[i - 1] ? 1 : 0;
        }

        // The steps are walked a second time instead of being kept: there can be as many as values.
        var points = ImmutableArray.CreateBuilder<EcdfPoint>(Math.Min(steps, limit));
        var (step, next) = (0, 0);
        for (var i = 0; i < sorted.Length; i++)
        {
            if (i < sorted.Length - 1 && sorted[i + 1] == sorted[i])
            {
                continue;
            }

            if (step++ == next)
            {
                points.Add(new EcdfPoint(sorted[i], (i + 1.0) / sorted.Length));
                next = steps <= limit ? step : (int)((long)points.Count * (steps - 1) / (limit - 1));
            }
        }

        return points.MoveToImmutable();
    }
}
