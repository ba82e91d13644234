using System.Globalization;
using System.Text;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Reads a record as Go prints the protobuf message: <c>key:"/ipns/\x00$\x08" value:"\n0\x1b…" timeReceived:"2026-…"</c>. The number of
/// spaces between the fields varies from build to build. Strings are escaped as in C: <c>\n</c>, <c>\"</c>, <c>\x1b</c>, <c>\033</c>,
/// <c>\u00ad</c>; the rest is UTF-8.
/// </summary>
internal static class GoRecord
{
    /// <summary>The key; null when the text has none or is damaged.</summary>
    public static byte[]? Key(string? record) => Field(record, "key:\"");

    /// <summary>The value; null when the text has none or is damaged.</summary>
    public static byte[]? Value(string? record) => Field(record, "value:\"");

    private static byte[]? Field(string? record, string field)
    {
        if (record is null)
        {
            return null;
        }

        // A key may contain the text value:" itself, but then its quotation mark is escaped.
        var start = record.StartsWith(field, StringComparison.Ordinal) ? 0 : record.IndexOf(" " + field, StringComparison.Ordinal) + 1;
        if (start == 0 && !record.StartsWith(field, StringComparison.Ordinal))
        {
            return null;
        }

        var value = new List<byte>(record.Length);
        Span<byte> utf8 = stackalloc byte[4];
        var rest = record.AsSpan(start + field.Length);
        while (!rest.IsEmpty && rest[0] != '"')
        {
            if (rest[0] == '\\')
            {
                if (TryCodePoint(ref rest, out var escaped))
                {
                    value.AddRange(utf8[..escaped.EncodeToUtf8(utf8)]);
                    continue;
                }

                if (!TryUnescape(ref rest, out var unescaped))
                {
                    return null;
                }

                value.Add(unescaped);
                continue;
            }

            _ = Rune.DecodeFromUtf16(rest, out var rune, out var length);
            value.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
            rest = rest[length..];
        }

        return rest.IsEmpty ? null : [.. value];
    }

    /// <summary>Reads <c>\u00ad</c> or <c>\U0001f600</c>: a character that Go does not print, whose bytes are its UTF-8.</summary>
    private static bool TryCodePoint(ref ReadOnlySpan<char> rest, out Rune rune)
    {
        rune = default;
        var digits =
            rest.Length < 2
                ? 0
                : rest[1] switch
                {
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
        if (
            digits == 0
            || rest.Length < 2 + digits
            || !uint.TryParse(rest.Slice(2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point)
            || !Rune.TryCreate(point, out rune)
        )
        {
            return false;
        }

        rest = rest[(2 + digits)..];
        return true;
    }

    private static bool TryUnescape(ref ReadOnlySpan<char> rest, out byte value)
    {
        value = 0;
        if (rest.Length < 2)
        {
            return false;
        }

        var simple = "abfnrtv\\'\"?".IndexOf(rest[1], StringComparison.Ordinal);
        if (simple >= 0)
        {
            value = "\a\b\f\n\r\t\v\\'\"?"u8[simple];
            rest = rest[2..];
            return true;
        }

        var isHex = rest[1] is 'x' or 'X';
        var digits = isHex ? 2 : 3;
        var from = isHex ? 2 : 1;
        if (rest.Length < from + digits)
        {
            return false;
        }

        var text = rest.Slice(from, digits);
        rest = rest[(from + digits)..];
        if (isHex)
        {
            return byte.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        }

        var octal = 0;
        foreach (var digit in text)
        {
            if (digit is < '0' or > '7')
            {
                return false;
            }

            octal = (octal * 8) + digit - '0';
        }

        value = (byte)octal;
        return octal <= byte.MaxValue;
    }
}
