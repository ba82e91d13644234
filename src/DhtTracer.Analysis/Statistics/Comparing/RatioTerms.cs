namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// What each operation that shows a figure adds to the upper and to the lower sum of its ratio. The terms are sorted by the lower and then
/// the upper part, so that the seeded draws do not depend on the order in which a store returns the operations.
/// </summary>
internal static class RatioTerms
{
    public static RatioBootstrap.Term[] OfMean(ReadOnlySpan<int> values) => Of(values, values, static (value, _) => 1);

    /// <summary>Terms of a part in a whole.</summary>
    public static RatioBootstrap.Term[] OfPart(ReadOnlySpan<int> parts, ReadOnlySpan<int> wholes) =>
        Of(parts, wholes, static (_, whole) => whole);

    /// <summary>Terms of a part in the sum of that part and the others.</summary>
    public static RatioBootstrap.Term[] OfShare(ReadOnlySpan<int> parts, ReadOnlySpan<int> others) =>
        Of(parts, others, static (part, other) => (long)part + other);

    private static RatioBootstrap.Term[] Of(ReadOnlySpan<int> uppers, ReadOnlySpan<int> others, Func<int, int, long> lowerOf)
    {
        // Both parts in one number, so that sorting numbers sorts terms. No count reaches 2^31, nor the sum of two 2^32.
        var packed = GC.AllocateUninitializedArray<long>(uppers.Length);
        var known = 0;
        for (var i = 0; i < uppers.Length; i++)
        {
            if (uppers[i] != OperationColumns.UnknownCount && others[i] != OperationColumns.UnknownCount)
            {
                packed[known++] = (lowerOf(uppers[i], others[i]) << 31) | (uint)uppers[i];
            }
        }

        RadixSort.Sort(packed.AsSpan(0, known));
        var terms = GC.AllocateUninitializedArray<RatioBootstrap.Term>(known);
        for (var i = 0; i < known; i++)
        {
            terms[i] = new RatioBootstrap.Term(packed[i] & int.MaxValue, packed[i] >> 31);
        }

        return terms;
    }
}
