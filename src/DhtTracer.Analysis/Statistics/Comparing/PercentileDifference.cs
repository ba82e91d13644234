namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// The interval of the difference of one percentile of two sets, out of the two percentiles' own intervals: from the greatest value of A's
/// to the least of B's, and the other way round. It needs nothing but what an overview shows, and is wider than it has to be. It holds for
/// its percentile alone, so it gives no verdict: that is what <see cref="Comparison.Figures"/> are for.
/// </summary>
public static class PercentileDifference
{
    /// <summary>Encloses the true difference B minus A, in the unit of the values; null when one of the sets is too small for an interval
    /// of its own.</summary>
    public static DifferenceInterval? Of(PercentileFigure? a, PercentileFigure? b) =>
        a?.Interval is { } ofA && b?.Interval is { } ofB ? new DifferenceInterval(ofB.Low - ofA.High, ofB.High - ofA.Low) : null;
}
