namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// The interval of the difference of a percentile of two sets, made from the intervals of the two percentiles: from B's low end minus A's
/// high end to B's high end minus A's low end. It needs only what an overview shows, and is wider than necessary. It holds for this
/// percentile alone, so it gives no verdict; <see cref="Comparison.Figures"/> do.
/// </summary>
public static class PercentileDifference
{
    /// <summary>
    /// Encloses the true difference B minus A, in the unit of the values; null when one of the sets is too small for its own interval.
    /// </summary>
    public static DifferenceInterval? Of(PercentileFigure? a, PercentileFigure? b) =>
        a?.Interval is { } ofA && b?.Interval is { } ofB ? new DifferenceInterval(ofB.Low - ofA.High, ofB.High - ofA.Low) : null;
}
