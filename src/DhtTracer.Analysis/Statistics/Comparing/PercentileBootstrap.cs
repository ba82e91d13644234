using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// The bootstrap distribution of a percentile, without drawing. When n values are resampled with replacement, the distribution of the k-th
/// smallest value is known exactly (Hutson and Ernst, 2000). So the interval is that of infinitely many resamples and needs no seed.
/// </summary>
internal sealed class PercentileBootstrap
{
    // Weights below this do not change any interval.
    private const double Negligible = 1e-12;

    private readonly List<long> _values = [];
    private readonly List<double> _atMost = [];

    private PercentileBootstrap() { }

    /// <summary>The distribution of the percentile over all resamples of these values.</summary>
    /// <param name="sorted">At least one value, ascending.</param>
    /// <param name="percent">1 to 99.</param>
    public static PercentileBootstrap Of(ReadOnlySpan<long> sorted, int percent)
    {
        var n = sorted.Length;
        var rank = Percentile.Rank(n, percent);
        var result = new PercentileBootstrap();
        var spread = (10 * Math.Sqrt(n * (percent / 100.0) * (1 - (percent / 100.0)))) + 10;
        var previous = 0.0;
        for (var j = (int)Math.Max(1, rank - spread); j <= n; j++)
        {
            // The rank-th smallest of the resample is at most the j-th value when at least rank draws fell on the first j values.
            var probability = j == n ? 1 : Binomial.AtLeast(rank, n, (double)j / n);
            if (probability - previous < Negligible)
            {
                continue;
            }

            previous = probability;
            if (result._values.Count > 0 && result._values[^1] == sorted[j - 1])
            {
                result._atMost[^1] = probability;
            }
            else
            {
                result._values.Add(sorted[j - 1]);
                result._atMost.Add(probability);
            }

            if (probability > 1 - Negligible)
            {
                break;
            }
        }

        result._atMost[^1] = 1;
        return result;
    }

    /// <summary>The interval of the difference <paramref name="b"/> minus <paramref name="a"/>, percentile method.</summary>
    /// <param name="a">The first set.</param>
    /// <param name="b">The second set.</param>
    /// <param name="level">Confidence, between 0 and 1.</param>
    public static ValueInterval Difference(PercentileBootstrap a, PercentileBootstrap b, double level)
    {
        var tail = (1 - level) / 2;
        return new ValueInterval(Quantile(a, b, tail), Quantile(a, b, 1 - tail));
    }

    /// <summary>
    /// The interval of the ratio of <paramref name="b"/> to <paramref name="a"/>, by the percentile method; null when a value of A can be 0
    /// or less.
    /// </summary>
    /// <param name="a">The first set.</param>
    /// <param name="b">The second set.</param>
    /// <param name="level">Confidence, between 0 and 1.</param>
    public static DifferenceInterval? Ratio(PercentileBootstrap a, PercentileBootstrap b, double level)
    {
        var tail = (1 - level) / 2;
        return a._values[0] <= 0 || b._values[0] < 0
            ? null
            : new DifferenceInterval(RatioQuantile(a, b, tail), RatioQuantile(a, b, 1 - tail));
    }

    // Least ratio r with P(B / A <= r) >= p, by bisection to a ten-thousandth.
    private static double RatioQuantile(PercentileBootstrap a, PercentileBootstrap b, double p)
    {
        var (low, high) = ((double)b._values[0] / a._values[^1], (double)b._values[^1] / a._values[0]);
        while (high - low > 1e-4 * high)
        {
            var middle = (low + high) / 2;
            (low, high) = RatioAtMost(a, b, middle) >= p ? (low, middle) : (middle, high);
        }

        return high;
    }

    private static double RatioAtMost(PercentileBootstrap a, PercentileBootstrap b, double ratio)
    {
        var sum = 0.0;
        var j = -1;
        for (var i = 0; i < a._values.Count; i++)
        {
            while (j + 1 < b._values.Count && b._values[j + 1] <= ratio * a._values[i])
            {
                j++;
            }

            sum += j < 0 ? 0 : (a._atMost[i] - (i == 0 ? 0 : a._atMost[i - 1])) * b._atMost[j];
        }

        return sum;
    }

    // Least difference t with P(B - A <= t) >= p, by bisection over whole numbers.
    private static long Quantile(PercentileBootstrap a, PercentileBootstrap b, double p)
    {
        var low = b._values[0] - a._values[^1];
        var high = b._values[^1] - a._values[0];
        while (low < high)
        {
            var middle = low + (long)((ulong)(high - low) / 2);
            if (ProbabilityAtMost(a, b, middle) >= p)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    private static double ProbabilityAtMost(PercentileBootstrap a, PercentileBootstrap b, long t)
    {
        var sum = 0.0;
        var j = -1;
        for (var i = 0; i < a._values.Count; i++)
        {
            while (j + 1 < b._values.Count && b._values[j + 1] - a._values[i] <= t)
            {
                j++;
            }

            if (j >= 0)
            {
                sum += (a._atMost[i] - (i == 0 ? 0 : a._atMost[i - 1])) * b._atMost[j];
            }
        }

        return sum;
    }
}
