using System.Globalization;

namespace DhtTracer.Analysis.Waterfalls;

/// <summary>
/// Durations for readers: <c>850ns</c> <c>12µs</c> <c>1.4ms</c> <c>310ms</c> <c>7.5s</c> <c>3s</c> <c>1m 0.2s</c> <c>12m 5s</c> <c>1h
/// 3m</c>. Every page, export and command writes durations like this.
/// </summary>
public static class DurationText
{
    /// <summary>Shown for an unknown value.</summary>
    public const string Unknown = "–";

    private const long Microsecond = 1_000;
    private const long Millisecond = 1_000_000;
    private const long Second = 1_000_000_000;
    private const long Minute = 60 * Second;

    /// <summary>Nanoseconds as text, rounded to few digits; <see cref="Unknown"/> for null.</summary>
    /// <param name="nanoseconds">A duration; a negative one begins with a minus sign (U+2212).</param>
    public static string Of(long? nanoseconds)
    {
        if (nanoseconds is not { } value)
        {
            return Unknown;
        }

        if (value < 0)
        {
            return "−" + Of(value == long.MinValue ? long.MaxValue : -value);
        }

        // Each bound is where the smaller unit would round up to a whole larger unit, so "1000ms" never appears.
        return value switch
        {
            < Microsecond => Whole(value, 1, "ns"),
            < Millisecond - (Microsecond / 2) => Whole(value, Microsecond, "µs"),
            < (10 * Millisecond) - (Millisecond / 20) => OneDecimal(value, Millisecond, "ms"),
            < Second - (Millisecond / 2) => Whole(value, Millisecond, "ms"),
            < Minute - (Second / 20) => OneDecimal(value, Second, "s"),
            < (10 * Minute) - (Second / 20) => Minutes(Divide(value, Second / 10)),
            _ => Long((value / Second) + (value % Second >= Second / 2 ? 1 : 0)),
        };
    }

    private static string Whole(long value, long unit, string name) => Divide(value, unit).ToString(CultureInfo.InvariantCulture) + name;

    private static string OneDecimal(long value, long unit, string name)
    {
        var tenths = Divide(value, unit / 10);
        return (
                tenths % 10 == 0
                    ? (tenths / 10).ToString(CultureInfo.InvariantCulture)
                    : string.Create(CultureInfo.InvariantCulture, $"{tenths / 10}.{tenths % 10}")
            ) + name;
    }

    private static string Minutes(long tenths) =>
        tenths % 600 == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{tenths / 600}m")
            : string.Create(CultureInfo.InvariantCulture, $"{tenths / 600}m {OneDecimal(tenths % 600, 10, "s")}");

    private static string Long(long seconds) =>
        seconds >= 3600 ? Pair(Divide(seconds, 60) / 60, "h", Divide(seconds, 60) % 60, "m") : Pair(seconds / 60, "m", seconds % 60, "s");

    private static string Pair(long large, string largeUnit, long small, string smallUnit) =>
        small == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{large}{largeUnit}")
            : string.Create(CultureInfo.InvariantCulture, $"{large}{largeUnit} {small}{smallUnit}");

    /// <summary>Rounds half up without overflow.</summary>
    private static long Divide(long value, long unit) => (value / unit) + (value % unit >= (unit + 1) / 2 && unit > 1 ? 1 : 0);
}
