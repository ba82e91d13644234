namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// Asks whether a difference of two ratios may be chance: the queries of both sets are dealt at random into two of the same sizes, over and
/// over. On sets from one distribution this errs as seldom as it says, however small or unequal they are and however skewed the values. A
/// bootstrap does not when a set of forty stands against one of hundreds: of values that are mostly zero the small one has seen too few of
/// the others.
/// </summary>
internal static class RatioPermutation
{
    /// <summary>With more queries than this in the smaller set the bootstrap needs no help.</summary>
    public const int MostQueries = 1_000;

    private const int Deals = 2_000;
    private const ulong Seed = 0x7065_726D_7574_6521;

    /// <summary>Whether chance deals a difference as great as that of <paramref name="b"/> minus <paramref name="a"/> too often.</summary>
    /// <param name="a">Terms of the first set.</param>
    /// <param name="b">Terms of the second set.</param>
    /// <param name="level">Confidence, between 0 and 1.</param>
    public static bool IsChance(ReadOnlySpan<RatioBootstrap.Term> a, ReadOnlySpan<RatioBootstrap.Term> b, double level)
    {
        if (
            Math.Min(a.Length, b.Length) > MostQueries
            || RatioBootstrap.Ratio(a) is not { } ratioOfA
            || RatioBootstrap.Ratio(b) is not { } ratioOfB
        )
        {
            return false;
        }

        // The smaller set is dealt; the other is what is left.
        var dealsB = b.Length <= a.Length;
        var size = Math.Min(a.Length, b.Length);
        RatioBootstrap.Term[] all = [.. a, .. b];
        var (upper, lower) = (all.Sum(static term => term.Upper), all.Sum(static term => term.Lower));
        var seen = Math.Abs(ratioOfB - ratioOfA) * (1 - 1e-12);
        var sign = (ratioOfB > ratioOfA ? 1 : -1) * (dealsB ? 1 : -1);
        var random = new SplitMix64(Seed);
        var asGreat = 1;
        for (var deal = 0; deal < Deals; deal++)
        {
            var (dealtUpper, dealtLower) = (0.0, 0.0);
            for (var i = 0; i < size; i++)
            {
                var j = i + random.Next(all.Length - i);
                (all[i], all[j]) = (all[j], all[i]);
                dealtUpper += all[i].Upper;
                dealtLower += all[i].Lower;
            }

            // A deal without anything to divide by tells nothing, and counts as one that is as great.
            var known = dealtLower > 0 && lower - dealtLower > 0;
            asGreat += !known || sign * ((dealtUpper / dealtLower) - ((upper - dealtUpper) / (lower - dealtLower))) >= seen ? 1 : 0;
        }

        return (double)asGreat / (Deals + 1) > (1 - level) / 2;
    }
}
