namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// Bootstrap of figures that are a sum over queries divided by another sum (means, and shares of dials or connections). It draws whole
/// queries with replacement, because the dials of one query are not independent. It is seeded, so that the same sets always give the same
/// interval.
/// </summary>
internal static class RatioBootstrap
{
    /// <summary>Number of resamples.</summary>
    public const int Resamples = 2_000;

    /// <summary>
    /// Larger sets are first divided into this many groups, and groups are drawn instead of queries. The spread of a ratio of sums stays
    /// the same.
    /// </summary>
    private const int MaxGroups = 100;

    private const ulong Seed = 0x6468_742D_7472_6163;

    /// <summary>The terms of a figure: what each query that shows it adds to the upper and to the lower sum.</summary>
    /// <param name="Upper">Added to the numerator.</param>
    /// <param name="Lower">Added to the denominator.</param>
    public readonly record struct Term(double Upper, double Lower);

    /// <summary>The ratio of the sums; null when the lower sum is 0.</summary>
    public static double? Ratio(ReadOnlySpan<Term> terms)
    {
        var (upper, lower) = (0.0, 0.0);
        foreach (var term in terms)
        {
            upper += term.Upper;
            lower += term.Lower;
        }

        return lower > 0 ? upper / lower : null;
    }

    /// <summary>The interval of the difference of two ratios, <paramref name="b"/> minus <paramref name="a"/>, percentile method.</summary>
    /// <param name="a">Terms of the first set.</param>
    /// <param name="b">Terms of the second set.</param>
    /// <param name="level">Confidence, between 0 and 1.</param>
    /// <returns>The interval; null when a resample has no ratio, because too few queries have a denominator.</returns>
    public static (double Low, double High)? Difference(ReadOnlySpan<Term> a, ReadOnlySpan<Term> b, double level)
    {
        var random = new SplitMix64(Seed);
        var groupsOfA = Deal(a, ref random);
        var groupsOfB = Deal(b, ref random);
        var differences = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
        {
            if (Resample(groupsOfA, ref random) is not { } ratioOfA || Resample(groupsOfB, ref random) is not { } ratioOfB)
            {
                return null;
            }

            differences[i] = ratioOfB - ratioOfA;
        }

        Array.Sort(differences);
        var tail = Math.Max(1, (int)Math.Floor((1 - level) / 2 * Resamples));
        return (differences[tail - 1], differences[^tail]);
    }

    private static Term[] Deal(ReadOnlySpan<Term> terms, ref SplitMix64 random)
    {
        var shuffled = terms.ToArray();
        if (shuffled.Length <= MaxGroups)
        {
            return shuffled;
        }

        // Shuffled first, because groups of neighbours in time would differ more than queries drawn at random.
        for (var i = shuffled.Length - 1; i > 0; i--)
        {
            var j = random.Next(i + 1);
            (shuffled[i], shuffled[j]) = (shuffled[j], shuffled[i]);
        }

        var groups = new Term[MaxGroups];
        for (var i = 0; i < shuffled.Length; i++)
        {
            ref var group = ref groups[i % MaxGroups];
            group = new Term(group.Upper + shuffled[i].Upper, group.Lower + shuffled[i].Lower);
        }

        return groups;
    }

    private static double? Resample(Term[] groups, ref SplitMix64 random)
    {
        var (upper, lower) = (0.0, 0.0);
        for (var i = 0; i < groups.Length; i++)
        {
            ref var term = ref groups[random.Next(groups.Length)];
            upper += term.Upper;
            lower += term.Lower;
        }

        return lower > 0 ? upper / lower : null;
    }
}
