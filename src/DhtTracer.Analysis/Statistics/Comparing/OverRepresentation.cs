using System.Collections.Immutable;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>The number of queries of each set in which something occurred.</summary>
/// <param name="Name">Error class, peer id, agent version, ...</param>
/// <param name="InSlow">Queries of the slow (or second) set with it.</param>
/// <param name="InOther">Queries of the other set with it.</param>
public readonly record struct Occurrence(string Name, int InSlow, int InOther);

/// <summary>How much more often something occurs in one set than in the other.</summary>
/// <param name="Name">Error class, peer id, agent version, ...</param>
/// <param name="InSlow">Queries of the slow (or second) set with it.</param>
/// <param name="InOther">Queries of the other set with it.</param>
/// <param name="LogOdds">
/// Base-2 logarithm of the odds ratio, with each count increased by a half (Haldane). Above 0 is over-represented.
/// </param>
/// <param name="PValue">P-value of the one-sided Fisher's exact test for over-representation in the slow set.</param>
/// <param name="Adjusted">The p-value adjusted for the number of names tested (Benjamini and Hochberg, 1995).</param>
/// <param name="Significant">The adjusted p-value is below 5 %: of 100 marked names, about 5 at most are marked by chance.</param>
public sealed record OverRepresented(
    string Name,
    int InSlow,
    int InOther,
    double LogOdds,
    double PValue,
    double Adjusted,
    bool Significant
);

/// <summary>Ranks names by how over-represented they are in a slow set of queries.</summary>
public static class OverRepresentation
{
    /// <summary>The false discovery rate.</summary>
    public const double Rate = 0.05;

    /// <summary>Ranks by adjusted p-value, then by log-odds descending, then by name (ordinal).</summary>
    /// <param name="occurrences">Each name once.</param>
    /// <param name="slow">Number of queries in the slow set.</param>
    /// <param name="other">Number of queries in the other set.</param>
    public static ImmutableArray<OverRepresented> Rank(IEnumerable<Occurrence> occurrences, int slow, int other)
    {
        var tested = occurrences
            .Select(item => (Item: item, P: FisherGreater(item.InSlow, slow, item.InOther, other)))
            .OrderBy(static item => item.P)
            .ToList();
        var adjusted = Adjust([.. tested.Select(static test => test.P)]);
        return
        [
            .. tested
                .Select(
                    (test, i) =>
                        new OverRepresented(
                            test.Item.Name,
                            test.Item.InSlow,
                            test.Item.InOther,
                            LogOdds(test.Item.InSlow, slow, test.Item.InOther, other),
                            test.P,
                            adjusted[i],
                            adjusted[i] < Rate
                        )
                )
                .OrderBy(static item => item.Adjusted)
                .ThenByDescending(static item => item.LogOdds)
                .ThenBy(static item => item.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// P(at least <paramref name="inA"/> of the marked items are in A) when the marked items are spread at random, by the hypergeometric
    /// distribution.
    /// </summary>
    internal static double FisherGreater(int inA, int a, int inB, int b)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inA, a);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inB, b);
        var marked = inA + inB;
        var (least, most) = (Math.Max(0, marked - b), Math.Min(a, marked));
        if (inA <= least)
        {
            return 1;
        }

        // The sum runs away from the mean, where each term follows from the one before and soon none counts any more.
        var isAbove = inA > (double)marked * a / ((double)a + b);
        var k = isAbove ? inA : inA - 1;
        var term = Math.Exp(Binomial.LogChoose(a, k) + Binomial.LogChoose(b, marked - k) - Binomial.LogChoose(a + b, marked));
        var sum = 0.0;
        while (k >= least && k <= most && term > sum * 1e-17)
        {
            sum += term;
            term *= isAbove
                ? (double)(marked - k) * (a - k) / ((k + 1.0) * (b - marked + k + 1.0))
                : k * (b - marked + (double)k) / ((marked - k + 1.0) * (a - k + 1.0));
            k += isAbove ? 1 : -1;
        }

        return Math.Clamp(isAbove ? sum : 1 - sum, 0, 1);
    }

    /// <summary>The step-up adjustment of p-values sorted in ascending order (Benjamini and Hochberg, 1995).</summary>
    internal static double[] Adjust(ReadOnlySpan<double> sorted)
    {
        var adjusted = new double[sorted.Length];
        var least = 1.0;
        for (var i = sorted.Length - 1; i >= 0; i--)
        {
            least = Math.Min(least, sorted[i] * sorted.Length / (i + 1));
            adjusted[i] = least;
        }

        return adjusted;
    }

    private static double LogOdds(int inA, int a, int inB, int b) =>
        Math.Log2((inA + 0.5) * (b - inB + 0.5) / ((a - inA + 0.5) * (inB + 0.5)));
}
