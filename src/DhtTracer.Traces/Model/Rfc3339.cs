using System.Globalization;

namespace DhtTracer.Traces.Model;

/// <summary>
/// Parses times as Go and Rust write them: RFC 3339 with up to nine fractional digits and any offset. Go writes <c>0001-01-01T00:00:00Z</c>
/// for no time.
/// </summary>
public static class Rfc3339
{
    /// <summary>Nanoseconds since 1970-01-01 UTC; null for invalid text and for Go's zero time.</summary>
    public static ulong? Parse(string? text)
    {
        // 2019-07-24T18:26:20.321273-07:00
        if (text is null || text.Length is < 20 or > 40)
        {
            return null;
        }

        var (rest, nanoseconds) = (text, 0L);
        if (text[19] == '.')
        {
            var end = 20;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            if (end is 20 or > 29)
            {
                return null;
            }

            nanoseconds = long.Parse(
                text.AsSpan(20, end - 20).ToString().PadRight(9, '0'),
                NumberStyles.None,
                CultureInfo.InvariantCulture
            );
            rest = string.Concat(text.AsSpan(0, 19), text.AsSpan(end));
        }

        return
            DateTimeOffset.TryParseExact(
                rest,
                "yyyy-MM-dd'T'HH:mm:ssK",
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var time
            ) && time.ToUnixTimeSeconds() is >= 0 and var seconds
            ? ((ulong)seconds * 1_000_000_000) + (ulong)nanoseconds
            : null;
    }
}
