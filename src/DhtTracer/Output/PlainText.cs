using System.Globalization;
using System.Text;

namespace DhtTracer.Output;

/// <summary>Makes text from a trace safe for a terminal and fits it to a width.</summary>
internal static class PlainText
{
    /// <summary>Replaces control and format characters, so that text from a span cannot control the terminal.</summary>
    public static string Safe(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        var safe = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            safe.Append(
                category
                    is UnicodeCategory.Control
                        or UnicodeCategory.Format
                        or UnicodeCategory.LineSeparator
                        or UnicodeCategory.ParagraphSeparator
                        or UnicodeCategory.Surrogate
                        or UnicodeCategory.PrivateUse
                    ? "\uFFFD"
                    : rune.ToString()
            );
        }

        return safe.ToString();
    }

    /// <summary>Shortens the middle, because ids differ at their ends: <c>12D3KooW…wkNXc7</c>.</summary>
    public static string Middle(string text, int width)
    {
        if (text.Length <= width)
        {
            return text;
        }

        var tail = Math.Min(6, width / 2);
        return string.Concat(text.AsSpan(0, Math.Max(0, width - tail - 1)), "…", text.AsSpan(text.Length - tail));
    }

    /// <summary>Shortens the end.</summary>
    public static string End(string text, int width) =>
        text.Length <= width ? text : string.Concat(text.AsSpan(0, Math.Max(0, width - 1)), "…");
}
