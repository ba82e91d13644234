using System.Buffers;
using System.Globalization;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>
/// Durations as Go writes them, which Jaeger's parameters are: <c>1.5s</c>, <c>300ms</c>, <c>1h2m</c>
/// (https://pkg.go.dev/time#ParseDuration).
/// </summary>
internal static class GoDuration
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly (string Unit, decimal Nanoseconds)[] Units =
    [
        // Two letters first, so that "ms" is not read as minutes.
        ("ns", 1m),
        ("us", 1_000m),
        ("µs", 1_000m),
        ("μs", 1_000m),
        ("ms", 1_000_000m),
        ("s", 1_000_000_000m),
        ("m", 60_000_000_000m),
        ("h", 3_600_000_000_000m),
    ];

    /// <summary>Reads a duration that is not negative.</summary>
    public static bool TryParse(string text, out long nanoseconds)
    {
        nanoseconds = 0;
        var rest = text.AsSpan();
        if (rest is "0")
        {
            return true;
        }

        var total = 0m;
        if (rest.Length is 0 or > 64)
        {
            return false;
        }

        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (
                digits <= 0
                || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                || number > long.MaxValue
            )
            {
                return false;
            }

            rest = rest[digits..];
            var found = false;
            foreach (var (unit, size) in Units)
            {
                if (rest.StartsWith(unit, StringComparison.Ordinal))
                {
                    total += number * size;
                    rest = rest[unit.Length..];
                    found = true;
                    break;
                }
            }

            if (!found)
            {
                return false;
            }
        }

        if (total > long.MaxValue)
        {
            return false;
        }

        nanoseconds = (long)total;
        return true;
    }
}
