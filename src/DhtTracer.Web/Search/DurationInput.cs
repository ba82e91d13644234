using System.Globalization;

namespace DhtTracer.Web.Search;

/// <summary>A duration as a reader types it: <c>250ms</c>, <c>1.5s</c>, <c>2m</c>; a bare number is seconds.</summary>
internal static class DurationInput
{
    private static readonly (string Unit, double Nanoseconds)[] Units =
    [
        ("ns", 1), ("µs", 1e3), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9), ("", 1e9),
    ];

    /// <summary>Reads a duration of 0 to a year.</summary>
    public static bool TryParse(string text, out long nanoseconds)
    {
        text = text.Trim();
        foreach (var (unit, factor) in Units)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
                && value * factor is >= 0 and <= 31_536_000e9)
            {
                nanoseconds = (long)Math.Round(value * factor);
                return true;
            }
        }

        nanoseconds = 0;
        return false;
    }
}
