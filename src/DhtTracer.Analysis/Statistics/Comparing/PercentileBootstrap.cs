namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// The bootstrap distribution of a percentile, without drawing. When n values are resampled with replacement, the distribution of the k-th
/// smallest value is known exactly (Hutson and Ernst, 2000). So the interval is that of infinitely many resamples and needs no seed.
/// </summary>
internal sealed class PercentileBootstrap
{
    // Weights below this do not change any interval.
    private const double Negligible = 1e-12;

    // From so many values on, neighbours differ so little that the next probability follows from the one before.
    private const int LeastForSteps = 2_000;

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
        var first = (int)Math.Max(1, rank - spread);
        var weights = n < LeastForSteps ? null : new BetaSteps(rank, n, first);
        for (var j = first; j <= n; j++)
        {
            // The rank-th smallest of the resample is at most the j-th value when at least rank draws fell on the first j values.
            var probability =
                j == n || (weights is not null && j > rank + spread) ? 1
                : weights is null ? Binomial.AtLeast(rank, n, (double)j / n)
                : weights.AtLeast(j);
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

    /// <summary>
    /// Probability, over all resamples, that the ratio of <paramref name="b"/> to <paramref name="a"/> is at most this one: the one-sided
    /// p-value of a greater ratio, which is below a tail exactly when the interval of this tail lies above. 1 when a value of A can be 0 or
    /// less.
    /// </summary>
    public static double RatioIsAtMost(PercentileBootstrap a, PercentileBootstrap b, double ratio) =>
        a._values[0] <= 0 || b._values[0] < 0 ? 1 : RatioAtMost(a, b, ratio);

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

    /// <summary>
    /// P(at least rank of n draws fell on the first j values) for one j after another. It is the regularized incomplete beta function at
    /// j / n, whose growth from one j to the next is the integral of its density: three points of Gauss and Legendre give it to 15 digits,
    /// in a hundredth of the time of computing the function anew.
    /// </summary>
    private sealed class BetaSteps
    {
        private const double Outer = 0.7745966692414834; // The square root of 3/5.

        private readonly int _rank;
        private readonly int _n;
        private readonly double _logConstant;
        private int _last;
        private double _sum;

        public BetaSteps(int rank, int n, int first)
        {
            (_rank, _n, _last) = (rank, n, first - 1);
            _sum = Binomial.AtLeast(rank, n, (double)_last / n);

            // The density of a beta distribution with parameters rank and n - rank + 1 is n * P(rank - 1 of n - 1).
            _logConstant = Math.Log(n) + Binomial.LogChoose(n - 1, rank - 1);
        }

        public double AtLeast(int j)
        {
            while (_last < j)
            {
                var middle = (_last + 0.5) / _n;
                var half = 0.5 / _n;
                _sum += half * (((5 * (Density(middle - (half * Outer)) + Density(middle + (half * Outer)))) + (8 * Density(middle))) / 9);
                _last++;
            }

            return Math.Min(1, _sum);
        }

        private double Density(double x) => Math.Exp(_logConstant + ((_rank - 1) * Math.Log(x)) + ((_n - _rank) * Math.Log(1 - x)));
    }
}
