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

    /// <summary>
    /// Up to so many queries, all groups have the same size. Of more, each query gets into any of the groups with equal chance, without
    /// listing the queries one by one: the groups then differ in size by some per cent, and so do both of their sums.
    /// </summary>
    private const int MostShuffled = 10_000;

    private const ulong Seed = 0x6468_742D_7472_6163;

    /// <summary>The interval of the difference of two ratios, <paramref name="b"/> minus <paramref name="a"/>, percentile method.</summary>
    /// <param name="a">Terms of the first set.</param>
    /// <param name="b">Terms of the second set.</param>
    /// <param name="level">Confidence, between 0 and 1.</param>
    /// <returns>The interval; null when a resample has no ratio, because too few queries have a denominator.</returns>
    public static (double Low, double High)? Difference(RatioTerms a, RatioTerms b, double level)
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

    private static RatioTerm[] Deal(RatioTerms terms, ref SplitMix64 random)
    {
        if (terms.Count > MostShuffled)
        {
            return DealAtRandom(terms, ref random);
        }

        var shuffled = new RatioTerm[terms.Count];
        terms.CopyTo(shuffled);
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

        var groups = new RatioTerm[MaxGroups];
        for (var i = 0; i < shuffled.Length; i++)
        {
            ref var group = ref groups[i % MaxGroups];
            group = new RatioTerm(group.Upper + shuffled[i].Upper, group.Lower + shuffled[i].Lower);
        }

        return groups;
    }

    private static RatioTerm[] DealAtRandom(RatioTerms terms, ref SplitMix64 random)
    {
        var groups = new RatioTerm[MaxGroups];
        Span<int> counts = stackalloc int[MaxGroups];
        foreach (var (lower, upper, count) in terms.Different)
        {
            counts.Clear();
            for (var i = 0; i < count; i++)
            {
                counts[random.Next(MaxGroups)]++;
            }

            for (var i = 0; i < MaxGroups; i++)
            {
                groups[i] = new RatioTerm(groups[i].Upper + ((double)upper * counts[i]), groups[i].Lower + ((double)lower * counts[i]));
            }
        }

        return groups;
    }

    private static double? Resample(RatioTerm[] groups, ref SplitMix64 random)
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
