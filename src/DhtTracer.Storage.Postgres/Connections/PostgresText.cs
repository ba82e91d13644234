using System.Text;

namespace DhtTracer.Storage.Postgres.Connections;

/// <summary>
/// Texts of spans as PostgreSQL can hold them: it has no character U+0000 and no half of a surrogate pair. These become U+FFFD. The spans
/// themselves are bytes and keep them.
/// </summary>
internal static class PostgresText
{
    /// <summary>The text, with what cannot be held replaced.</summary>
    public static string Of(string text)
    {
        if (text.AsSpan().IndexOf('\0') >= 0)
        {
            text = text.Replace('\0', '\uFFFD');
        }

        return text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The same; null for null.</summary>
    public static string? OrNull(string? text) => text is null ? null : Of(text);
}
