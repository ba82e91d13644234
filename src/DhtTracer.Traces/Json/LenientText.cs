using System.Globalization;
using System.Text;

namespace DhtTracer.Traces.Json;

/// <summary>Unescapes JSON strings with invalid Unicode, which <c>Utf8JsonReader</c> refuses.</summary>
internal static class LenientText
{
    /// <summary>Returns the text between the quotes. Invalid Unicode becomes U+FFFD.</summary>
    /// <param name="escaped">The bytes between the quotes; the JSON reader has already checked the escapes.</param>
    public static string Unescape(ReadOnlySpan<byte> escaped)
    {
        var source = Encoding.UTF8.GetString(escaped);
        var text = new StringBuilder(source.Length);
        for (var index = 0; index < source.Length; index++)
        {
            if (source[index] != '\\')
            {
                text.Append(source[index]);
                continue;
            }

            index++;
            switch (source[index])
            {
                case 'b':
                    text.Append('\b');
                    break;
                case 'f':
                    text.Append('\f');
                    break;
                case 'n':
                    text.Append('\n');
                    break;
                case 'r':
                    text.Append('\r');
                    break;
                case 't':
                    text.Append('\t');
                    break;
                case 'u':
                    text.Append(
                        (char)ushort.Parse(source.AsSpan(index + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                    );
                    index += 4;
                    break;
                default:
                    text.Append(source[index]);
                    break;
            }
        }

        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
