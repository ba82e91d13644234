using System.Globalization;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Web.Text;

/// <summary>How certain a figure is, as pages say it on a hover.</summary>
internal static class IntervalText
{
    /// <summary>The 95 % interval of a percentile, or how many operations it would need.</summary>
    /// <param name="figure">The percentile.</param>
    /// <param name="isTime">Whether its unit is nanoseconds; else it is a count.</param>
    public static string Of(PercentileFigure figure, bool isTime = true) =>
        figure.Interval is { } interval
            ? $"95 % sure it is between {Value(interval.Low, isTime)} and {Value(interval.High, isTime)}"
            : $"Too few queries for an interval: it needs {figure.NeededForInterval}";

    /// <summary>The 95 % interval of a share; null when it has none.</summary>
    public static string? Of(Share share) =>
        share.Interval is { } interval
            ? $"95 % sure it is between {Shares.Percent(interval.Low)} and {Shares.Percent(interval.High)}"
            : null;

    /// <summary>The two ends of a percentile's interval, as short as a cell needs them.</summary>
    /// <param name="figure">The percentile.</param>
    /// <param name="isTime">Whether its unit is nanoseconds; else it is a count.</param>
    public static string Ends(PercentileFigure figure, bool isTime) =>
        figure.Interval is { } interval
            ? $"{Value(interval.Low, isTime)} – {Value(interval.High, isTime)}"
            : $"too few, needs {figure.NeededForInterval}";

    /// <summary>A duration in nanoseconds, or a count.</summary>
    public static string Value(long value, bool isTime) =>
        isTime ? DurationText.Of(value) : value.ToString("N0", CultureInfo.InvariantCulture);
}
