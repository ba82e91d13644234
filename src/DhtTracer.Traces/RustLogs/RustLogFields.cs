namespace DhtTracer.Traces.RustLogs;

/// <summary>The message and the fields of a human log line, as <c>tracing-subscriber</c> writes them after the target.</summary>
internal static class RustLogFields
{
    /// <summary>How a form writes fields.</summary>
    /// <param name="Before">Between the message or a value and the next field.</param>
    /// <param name="After">Between the name and the value.</param>
    private readonly record struct Syntax(string Before, string After);

    // message key=value key=value
    private static readonly Syntax Default = new(" ", "=");

    // message, key: value, key: value
    private static readonly Syntax Pretty = new(", ", ": ");

    /// <summary>
    /// Reads <c>message key=value key=value</c> or, when there is no such field, <c>message, key: value, key: value</c> of
    /// <c>pretty()</c>. Separators inside brackets and quotes belong to a value.
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
                // A group that never ends is looked for once: a hostile line of brackets must not cost the square of its length.
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

    // The separator, or the very beginning, followed by a name in snake_case and the sign between name and value.
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

        // At the very beginning a message such as "Dialer: Proposed protocol" must not be taken for a field.
        return end > start
            && char.IsAsciiLetter(rest[start])
            && (syntax == Default || !rest[start..end].ContainsAnyInRange('A', 'Z'))
            && rest[end..].StartsWith(syntax.After, StringComparison.Ordinal);
    }

    /// <summary>The last index of the bracketed or quoted group that begins here, or the index itself when it never ends.</summary>
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
