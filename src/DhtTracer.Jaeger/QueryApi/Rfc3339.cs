using System.Globalization;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>Times with up to nine digits of a second, such as <c>2026-11-22T10:00:00.123456789Z</c> (RFC 3339).</summary>
internal static class Rfc3339
{
    /// <summary>Reads a time; one before 1970 becomes 0.</summary>
    public static bool TryParse(string text, out ulong unixNano)
    {
        unixNano = 0;

        // An offset's plus sign that was not encoded arrives as a blank.
        text = text.Replace(' ', '+');
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var fraction = 0;
        if (dot >= 0)
        {
            var end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            var digits = text[(dot + 1)..end];
            if (digits.Length is 0 or > 9)
            {
                return false;
            }

            fraction = int.Parse(digits.PadRight(9, '0'), CultureInfo.InvariantCulture);
            text = string.Concat(text.AsSpan(0, dot), text.AsSpan(end));
        }

        if (
            !DateTimeOffset.TryParseExact(
                text,
                ["yyyy-MM-ddTHH:mm:ssZ", "yyyy-MM-ddTHH:mm:sszzz"],
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var whole
            )
        )
        {
            return false;
        }

        var seconds = whole.ToUnixTimeSeconds();
        unixNano = seconds < 0 ? 0 : ((ulong)seconds * 1_000_000_000) + (ulong)fraction;
        return true;
    }
}
