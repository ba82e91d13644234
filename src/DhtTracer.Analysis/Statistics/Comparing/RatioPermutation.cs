using System.Buffers;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// Tests whether a difference of two ratios may be chance: it repeatedly divides the queries of both sets at random into two sets of the
/// same sizes. On sets from one distribution its error rate is as stated, for any sizes and any skew. A bootstrap errs more often when a
/// set of forty is compared with one of hundreds: if most values are zero, the small set contains too few of the others.
/// </summary>
internal static class RatioPermutation
{
    /// <summary>With more queries than this in the smaller set, the bootstrap is reliable alone.</summary>
    public const int MostQueries = 1_000;

    private const int Deals = 2_000;
    private const ulong Seed = 0x7065_726D_7574_6521;

    /// <summary>Whether chance too often gives a difference as great as that of <paramref name="b"/> minus <paramref name="a"/>.</summary>
    /// <param name="a">Terms of the first set.</param>
    /// <param name="b">Terms of the second set.</param>
    /// <param name="level">Confidence, between 0 and 1.</param>
    public static bool IsChance(RatioTerms a, RatioTerms b, double level)
    {
        if (Math.Min(a.Count, b.Count) > MostQueries || a.Ratio is not { } ratioOfA || b.Ratio is not { } ratioOfB)
        {
            return false;
        }

        // The smaller set is drawn at random; the other set is the rest.
        var dealsB = b.Count <= a.Count;
        var size = Math.Min(a.Count, b.Count);
        var count = a.Count + b.Count;
        var all = ArrayPool<RatioTerm>.Shared.Rent(count);
        a.CopyTo(all);
        b.CopyTo(all.AsSpan(a.Count));
        var (upper, lower) = (a.Upper + b.Upper, a.Lower + b.Lower);
        var seen = Math.Abs(ratioOfB - ratioOfA) * (1 - 1e-12);
        var sign = (ratioOfB > ratioOfA ? 1 : -1) * (dealsB ? 1 : -1);
        var random = new SplitMix64(Seed);
        var asGreat = 1;
        for (var deal = 0; deal < Deals; deal++)
        {
            var (dealtUpper, dealtLower) = (0.0, 0.0);
            for (var i = 0; i < size; i++)
            {
                var j = i + random.Next(count - i);
                (all[i], all[j]) = (all[j], all[i]);
                dealtUpper += all[i].Upper;
                dealtLower += all[i].Lower;
            }

            // A draw without a denominator shows nothing, and counts as one with a difference as great.
            var known = dealtLower > 0 && lower - dealtLower > 0;
            asGreat += !known || sign * ((dealtUpper / dealtLower) - ((upper - dealtUpper) / (lower - dealtLower))) >= seen ? 1 : 0;
        }

        ArrayPool<RatioTerm>.Shared.Return(all);
        return (double)asGreat / (Deals + 1) > (1 - level) / 2;
    }
}
