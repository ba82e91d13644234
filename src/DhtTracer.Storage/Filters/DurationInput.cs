using System.Globalization;

namespace DhtTracer.Storage.Filters;

/// <summary>A duration as a reader types it: <c>250ms</c>, <c>1.5s</c>, <c>2m</c>, <c>1m 0.2s</c>; a bare number is seconds.</summary>
public static class DurationInput
{
    private const double LongestSeconds = 31_536_000;

    private static readonly (string Unit, double Nanoseconds)[] Units =
    [
        ("ns", 1),
        ("µs", 1e3),
        ("us", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 60e9),
        ("h", 3600e9),
        ("", 1e9),
    ];

    /// <summary>Reads a duration of 0 to a year.</summary>
    public static bool TryParse(string text, out long nanoseconds)
    {
        text = text.Trim();
        if (TryParseOne(text, out nanoseconds))
        {
            return true;
        }

        // As pages write it, in parts that each have a unit: 1h 3m.
        foreach (var part in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!char.IsAsciiLetter(part[^1]) || !TryParseOne(part, out var value) || (nanoseconds += value) > LongestSeconds * 1e9)
            {
                nanoseconds = 0;
                return false;
            }
        }

        return text.Length > 0;
    }

    private static bool TryParseOne(string text, out long nanoseconds)
    {
        foreach (var (unit, factor) in Units)
        {
            if (
                text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(
                    text.AsSpan(0, text.Length - unit.Length).TrimEnd(),
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out var value
                )
                && value * factor is >= 0 and <= LongestSeconds * 1e9
            )
            {
                nanoseconds = (long)Math.Round(value * factor);
                return true;
            }
        }

        nanoseconds = 0;
        return false;
    }
}
