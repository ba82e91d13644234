using System.Globalization;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.Compare;

/// <summary>Figures, differences and intervals of a comparison as its page writes them.</summary>
internal static class FigureText
{
    /// <summary>A value of a figure in its unit.</summary>
    public static string? Value(FigureUnit unit, double? value) =>
        value is not { } known
            ? null
            : unit switch
            {
                FigureUnit.Nanoseconds => DurationText.Of((long)Math.Round(known)),
                FigureUnit.Share => Shares.Percent(known),
                _ => Rounded(known, "#,0.##"),
            };

    /// <summary>A difference in the unit of its figure, with its sign.</summary>
    public static string? Difference(FigureUnit unit, double? value)
    {
        if (value is not { } known)
        {
            return null;
        }

        var text = unit switch
        {
            FigureUnit.Nanoseconds => DurationText.Of((long)Math.Round(known)),
            FigureUnit.Share => Rounded(known * 100, "0.#") + " points",
            _ => Rounded(known, "#,0.##"),
        };
        return known > 0 && text.AsSpan().IndexOfAnyInRange('1', '9') >= 0 ? "+" + text : text.Replace('-', '−');
    }

    /// <summary>An interval of a difference. Ends that would read the same are given three decimals.</summary>
    public static string Interval(FigureUnit unit, DifferenceInterval interval)
    {
        var (low, high) = (Difference(unit, interval.Low), Difference(unit, interval.High));
        if (low == high && interval.Low < interval.High && unit == FigureUnit.Nanoseconds && Math.Abs(interval.Low) >= 1e6)
        {
            var (size, name) = Math.Abs(interval.Low) >= 1e9 ? (1e9, "s") : (1e6, "ms");
            (low, high) = (Decimals(interval.Low / size) + name, Decimals(interval.High / size) + name);
        }

        return $"{low} to {high}";

        static string Decimals(double value) => value.ToString("+0.000;−0.000", CultureInfo.InvariantCulture);
    }

    /// <summary>The interval of the difference of two percentiles, or how many operations it would need.</summary>
    public static string Between(FigureUnit unit, PercentileFigure a, PercentileFigure b) =>
        PercentileDifference.Of(a, b) is { } interval ? Interval(unit, interval) : $"too few, needs {a.NeededForInterval}";

    /// <summary>How many times greater: <c>1.83</c>, <c>24</c>.</summary>
    public static string Times(double ratio) => ratio.ToString(ratio < 10 ? "0.0#" : "#,0", CultureInfo.InvariantCulture);

    // What rounds to nothing has no sign.
    private static string Rounded(double value, string format) =>
        value.ToString(format, CultureInfo.InvariantCulture) is "-0" ? "0" : value.ToString(format, CultureInfo.InvariantCulture);
}
