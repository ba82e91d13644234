using System.Collections.Concurrent;

namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// Distribution-free confidence interval of a percentile: it lies between two of the measured values, which are chosen only by rank. It is
/// valid for every distribution, including heavy tails, gaps and ties (timeouts), because the number of values at or below the true
/// percentile is binomial (David and Nagaraja, <i>Order Statistics</i>, 7.1).
/// </summary>
public static class OrderStatisticInterval
{
    /// <summary>Confidence of the intervals on pages.</summary>
    public const double Level = 0.95;

    private static readonly ConcurrentDictionary<(int Percent, double Level), int> KnownNeeds = new();

    /// <summary>
    /// Ranks, from 1, of the two values that enclose the true percentile with at least the given confidence. Of all such pairs it is the
    /// one with the fewest ranks between them. Null when there are too few values.
    /// </summary>
    /// <param name="count">Number of values, 0 or more.</param>
    /// <param name="percent">1 to 99.</param>
    /// <param name="level">Confidence, between 0 and 1.</param>
    public static (int Low, int High)? Ranks(int count, int percent, double level = Level)
    {
        if (count < Needed(percent, level))
        {
            return null;
        }

        var p = percent / 100.0;
        var spread = (10 * Math.Sqrt(count * p * (1 - p))) + 10;
        var first = (int)Math.Max(0, Math.Floor((count * p) - spread));
        var last = (int)Math.Min(count, Math.Ceiling((count * p) + spread));

        // atMost[i] = P(X <= first + i); the probability outside this range is below 1e-15.
        var atMost = new double[last - first + 1];
        var probability = Math.Exp(Binomial.LogProbability(first, count, p));
        var sum = 0.0;
        for (var k = first; k <= last; k++)
        {
            sum += probability;
            atMost[k - first] = sum;
            probability *= (count - k) / (k + 1.0) * (p / (1 - p));
        }

        (int Low, int High)? best = null;
        var bestImbalance = double.MaxValue;
        var high = first + 1;
        for (var low = Math.Max(1, first); low < last; low++)
        {
            var below = AtMost(low - 1);
            high = Math.Max(high, low + 1);
            while (high <= last && AtMost(high - 1) - below < level)
            {
                high++;
            }

            if (high > last)
            {
                break;
            }

            var imbalance = Math.Abs(below - (1 - AtMost(high - 1)));
            if (best is not { } b || high - low < b.High - b.Low || (high - low == b.High - b.Low && imbalance < bestImbalance))
            {
                best = (low, high);
                bestImbalance = imbalance;
            }
        }

        return best;

        double AtMost(int k) => k < first ? 0 : atMost[k - first];
    }

    /// <summary>
    /// Least number of values for an interval of this percentile: at 95 % confidence 6, 29, 59 and 299 for percentiles 50, 90, 95 and 99.
    /// </summary>
    /// <param name="percent">1 to 99.</param>
    /// <param name="level">Confidence, between 0 and 1.</param>
    public static int Needed(int percent, double level = Level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(percent, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 99);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(level, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(level, 1);

        // Asked four times for each hour of a chart.
        if (KnownNeeds.TryGetValue((percent, level), out var known))
        {
            return known;
        }

        // The widest interval, from the least to the greatest value: P(1 <= X <= n - 1) = 1 - p^n - (1 - p)^n.
        var p = percent / 100.0;
        var n = 2;
        while (1 - Math.Pow(p, n) - Math.Pow(1 - p, n) < level)
        {
            n++;
        }

        // Pages and comparisons use a few levels; a caller with many of them must not fill the memory.
        if (KnownNeeds.Count < 1000)
        {
            KnownNeeds.TryAdd((percent, level), n);
        }

        return n;
    }
}
