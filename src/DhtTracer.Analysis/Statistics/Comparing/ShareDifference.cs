namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// The interval of the difference of two shares of independent queries, by the method of variance estimates recovery (Newcombe, 1998,
/// method 10; Zou and Donner, 2008) over exact intervals. A bootstrap does not work here: if every query succeeded, it has no spread.
/// </summary>
internal static class ShareDifference
{
    /// <summary>
    /// The interval of share <paramref name="b"/> minus share <paramref name="a"/>; null when one of them has a whole of 0.
    /// </summary>
    /// <param name="a">The first set.</param>
    /// <param name="b">The second set.</param>
    /// <param name="level">Confidence, between 0 and 1.</param>
    public static (double Low, double High)? Of(Share a, Share b, double level)
    {
        if (
            a.Value is not { } shareOfA
            || b.Value is not { } shareOfB
            || ShareInterval.Of((int)a.Part, (int)a.Whole, level) is not { } intervalOfA
            || ShareInterval.Of((int)b.Part, (int)b.Whole, level) is not { } intervalOfB
        )
        {
            return null;
        }

        var difference = shareOfB - shareOfA;
        return (
            difference - Math.Sqrt(Square(shareOfB - intervalOfB.Low) + Square(intervalOfA.High - shareOfA)),
            difference + Math.Sqrt(Square(intervalOfB.High - shareOfB) + Square(shareOfA - intervalOfA.Low))
        );

        static double Square(double x) => x * x;
    }
}
