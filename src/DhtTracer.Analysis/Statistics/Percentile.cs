namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// Exact percentiles by nearest rank: the p-th percentile of n values is the ⌈p·n/100⌉-th smallest. It is always a measured value, so a
/// page can link to its query. All pages, exports and the API use this definition.
/// </summary>
public static class Percentile
{
    /// <summary>The percentiles that are always shown: 50, 90, 95, 99.</summary>
    public static IReadOnlyList<int> Shown { get; } = [50, 90, 95, 99];

    /// <summary>Rank, from 1, of the percentile among <paramref name="count"/> sorted values.</summary>
    /// <param name="count">Number of values, at least 1.</param>
    /// <param name="percent">1 to 99.</param>
    public static int Rank(int count, int percent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(percent, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 99);

        // Uses integers, because 0.07 * 100 is greater than 7 in floating point.
        return (int)((((long)count * percent) + 99) / 100);
    }

    /// <summary>The percentile of values sorted in ascending order.</summary>
    /// <param name="sorted">At least one value, ascending.</param>
    /// <param name="percent">1 to 99.</param>
    public static long Of(ReadOnlySpan<long> sorted, int percent) => sorted[Rank(sorted.Length, percent) - 1];
}
