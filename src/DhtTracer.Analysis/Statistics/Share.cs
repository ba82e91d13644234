namespace DhtTracer.Analysis.Statistics;

/// <summary>A part of a whole.</summary>
/// <param name="Part">The part.</param>
/// <param name="Whole">The whole.</param>
/// <param name="Interval">
/// Encloses the true share with at least 95 % confidence (Clopper and Pearson, 1934). Null when the whole is 0, or when it counts several
/// things of one operation, because these are not independent.
/// </param>
public sealed record Share(long Part, long Whole, ShareInterval? Interval)
{
    /// <summary>Part divided by whole, 0 to 1; null when the whole is 0.</summary>
    public double? Value => Whole == 0 ? null : (double)Part / Whole;

    /// <summary>A share of operations, with its interval.</summary>
    public static Share OfOperations(int part, int whole) => new(part, whole, ShareInterval.Of(part, whole, OrderStatisticInterval.Level));
}

/// <summary>An interval of shares, from 0 to 1, including both ends.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct ShareInterval(double Low, double High)
{
    /// <summary>The exact interval of a binomial share; null when <paramref name="whole"/> is 0.</summary>
    /// <param name="part">Successes.</param>
    /// <param name="whole">Trials.</param>
    /// <param name="level">Confidence, between 0 and 1.</param>
    public static ShareInterval? Of(int part, int whole, double level)
    {
        if (whole == 0)
        {
            return null;
        }

        var tail = (1 - level) / 2;
        var low = part == 0 ? 0 : Solve(p => Binomial.AtLeast(part, whole, p) < tail);
        var high = part == whole ? 1 : Solve(p => Binomial.AtMost(part, whole, p) >= tail);
        return new ShareInterval(low, high);
    }

    // The greatest p for which the condition holds; it holds up to this p and not above.
    private static double Solve(Func<double, bool> holds)
    {
        var (low, high) = (0.0, 1.0);
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            if (holds(middle))
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
