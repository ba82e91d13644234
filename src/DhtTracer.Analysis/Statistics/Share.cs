namespace DhtTracer.Analysis.Statistics;

/// <summary>A part of a whole.</summary>
/// <param name="Part">How many.</param>
/// <param name="Whole">Of how many.</param>
/// <param name="Interval">
/// Encloses the true share with at least 95 % confidence (Clopper and Pearson, 1934), when each of the whole is an operation of its own;
/// null when the whole counts several things of one operation, which are not independent, or nothing.
/// </param>
public sealed record Share(long Part, long Whole, ShareInterval? Interval)
{
    /// <summary>0 to 1; null when the whole is nothing.</summary>
    public double? Value => Whole == 0 ? null : (double)Part / Whole;

    /// <summary>A share of operations, with its interval.</summary>
    public static Share OfOperations(int part, int whole) => new(part, whole, ShareInterval.Of(part, whole, OrderStatisticInterval.Level));
}

/// <summary>Two shares, 0 to 1, both included.</summary>
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

    // The greatest p for which the condition, true below and false above, still holds.
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
