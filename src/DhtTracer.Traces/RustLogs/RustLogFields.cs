namespace DhtTracer.Traces.RustLogs;

/// <summary>
/// Parses the message and the fields of a human-readable log line, as <c>tracing-subscriber</c> writes them after the target.
/// </summary>
internal static class RustLogFields
{
    /// <summary>How a formatter writes fields.</summary>
    /// <param name="Before">Separator between the message or a value and the next field.</param>
    /// <param name="After">Separator between the name and the value.</param>
    private readonly record struct Syntax(string Before, string After);

    // message key=value key=value
    private static readonly Syntax Default = new(" ", "=");

    // message, key: value, key: value
    private static readonly Syntax Pretty = new(", ", ": ");

    /// <summary>
    /// Reads <c>message key=value key=value</c> or, if it has no such field, <c>message, key: value, key: value</c> of <c>pretty()</c>.
    /// Separators inside brackets and quotes belong to a value.
    /// </summary>
    public static (string Message, List<KeyValuePair<string, string>> Fields) Read(ReadOnlySpan<char> rest)
    {
        var (message, fields) = Read(rest, Default);
        if (fields.Count > 0)
        {
            return (message, fields);
        }

        var pretty = Read(rest, Pretty);
        return pretty.Fields.Count > 0 ? pretty : (message, fields);
    }

    private static (string Message, List<KeyValuePair<string, string>> Fields) Read(ReadOnlySpan<char> rest, Syntax syntax)
    {
        var fields = new List<KeyValuePair<string, string>>();
        var message = rest;
        var valueStart = -1;
        var name = "";
        var groupsEnd = true;
        for (var at = 0; at <= rest.Length; at++)
        {
            var nameStart = 0;
            var nameEnd = 0;
            if (at < rest.Length && !StartsField(rest, at, syntax, out nameStart, out nameEnd))
            {
                // Search only once for a group that never ends: a hostile line of brackets must not take quadratic time.
                if (groupsEnd && rest[at] is ('{' or '[' or '(' or '"'))
                {
                    var groupEnd = GroupEnd(rest, at);
                    groupsEnd = groupEnd > at;
                    at = groupEnd;
                }

                continue;
            }

            if (valueStart >= 0)
            {
                fields.Add(KeyValuePair.Create(name, rest[valueStart..at].ToString()));
            }
            else
            {
                message = rest[..at];
            }

            if (at < rest.Length)
            {
                name = rest[nameStart..nameEnd].ToString();
                valueStart = nameEnd + syntax.After.Length;
                at = valueStart - 1;
            }
        }

        return (message.Trim().ToString(), fields);
    }

    // Whether a field starts here: the separator (or the very beginning), a snake_case name, and the sign between name and value.
    private static bool StartsField(ReadOnlySpan<char> rest, int at, Syntax syntax, out int start, out int end)
    {
        var separated = rest[at..].StartsWith(syntax.Before, StringComparison.Ordinal);
        start = separated ? at + syntax.Before.Length : at;
        end = start;
        if (at > 0 && !separated)
        {
            return false;
        }

        while (end < rest.Length && end - start < 64 && (char.IsAsciiLetterOrDigit(rest[end]) || rest[end] is '_' or '.'))
        {
            end++;
        }

        // At the very beginning, a message such as "Dialer: Proposed protocol" is not a field.
        return end > start
            && char.IsAsciiLetter(rest[start])
            && (syntax == Default || !rest[start..end].ContainsAnyInRange('A', 'Z'))
            && rest[end..].StartsWith(syntax.After, StringComparison.Ordinal);
    }

    /// <summary>The last index of the bracketed or quoted group that begins here, or the index itself if the group never ends.</summary>
    private static int GroupEnd(ReadOnlySpan<char> rest, int at)
    {
        var depth = 0;
        var quoted = false;
        for (var end = at; end < rest.Length; end++)
        {
            var letter = rest[end];
            if (quoted)
            {
                end += letter == '\\' ? 1 : 0;
                quoted = letter != '"';
            }
            else if (letter == '"')
            {
                quoted = true;
            }
            else
            {
                depth +=
                    letter is '{' or '[' or '(' ? 1
                    : letter is '}' or ']' or ')' ? -1
                    : 0;
            }

            if (depth == 0 && !quoted)
            {
                return end;
            }
        }

        return at;
    }
}
