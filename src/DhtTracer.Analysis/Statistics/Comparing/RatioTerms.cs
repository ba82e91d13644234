namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// What each operation that shows a figure adds to the upper and to the lower sum of its ratio. Equal terms are kept once, with their
/// number. They are sorted by the lower and then the upper part, so that the seeded draws do not depend on the order in which a store
/// returns the operations.
/// </summary>
internal sealed class RatioTerms
{
    private readonly (long Lower, long Upper, int Count)[] _terms;

    private RatioTerms(IEnumerable<(long Lower, long Upper, int Count)> terms)
    {
        _terms = [.. terms];
        Array.Sort(_terms);
        foreach (var (lower, upper, count) in _terms)
        {
            Upper += (double)upper * count;
            Lower += (double)lower * count;
            Count += count;
        }
    }

    /// <summary>Number of operations that show the figure.</summary>
    public int Count { get; }

    /// <summary>Sum of the upper parts.</summary>
    public double Upper { get; }

    /// <summary>Sum of the lower parts.</summary>
    public double Lower { get; }

    /// <summary>The ratio of the sums; null when the lower sum is 0.</summary>
    public double? Ratio => Lower > 0 ? Upper / Lower : null;

    /// <summary>The different terms, each with the number of operations that have it.</summary>
    public ReadOnlySpan<(long Lower, long Upper, int Count)> Different => _terms;

    /// <summary>Terms of a mean.</summary>
    public static RatioTerms OfMean(CountHistogram values) => new(values.Values().Select(static item => (1L, item.Value, item.Count)));

    /// <summary>Terms of a part in a whole.</summary>
    public static RatioTerms OfPart(PartHistogram parts) => new(parts.Pairs().Select(static pair => (pair.Other, pair.Part, pair.Count)));

    /// <summary>Terms of a part in the sum of that part and the others.</summary>
    public static RatioTerms OfShare(PartHistogram parts) =>
        new(parts.Pairs().Select(static pair => (pair.Part + pair.Other, pair.Part, pair.Count)));

    /// <summary>Writes the terms one by one.</summary>
    /// <param name="terms">Receives <see cref="Count"/> terms.</param>
    public void CopyTo(Span<RatioTerm> terms)
    {
        var i = 0;
        foreach (var (lower, upper, count) in _terms)
        {
            terms.Slice(i, count).Fill(new RatioTerm(upper, lower));
            i += count;
        }
    }
}

/// <summary>What one operation, or a group of them, adds to the two sums of a ratio. Whole numbers up to 2^53 are exact.</summary>
/// <param name="Upper">Added to the numerator.</param>
/// <param name="Lower">Added to the denominator.</param>
internal readonly record struct RatioTerm(double Upper, double Lower);
