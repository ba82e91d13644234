using System.Text;

namespace DhtTracer.Node;

/// <summary>
/// Splits a command into words as a POSIX shell does, without expansion. For example, <c>put-value '/v/a b' "it's" c\ d</c> has the words
/// <c>put-value</c>, <c>/v/a b</c>, <c>it's</c> and <c>c d</c>.
/// </summary>
internal static class ShellWords
{
    /// <summary>The words; none if the text is blank.</summary>
    /// <exception cref="DhtCommandException">A quote is not closed, or nothing follows the last backslash.</exception>
    public static IReadOnlyList<string> Split(string text)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\'':
                    word ??= new StringBuilder();
                    var end = text.IndexOf('\'', i + 1);
                    word.Append(text, i + 1, (end < 0 ? throw NotClosed(text[i], i) : end) - i - 1);
                    i = end;
                    break;
                case '"':
                    i = ReadDoubleQuoted(text, i, word ??= new StringBuilder());
                    break;
                case '\\':
                    word ??= new StringBuilder();
                    word.Append(
                        ++i < text.Length
                            ? text[i]
                            : throw new DhtCommandException("the command ends with a backslash: write \\\\ for a backslash")
                    );
                    break;
                case var space when char.IsWhiteSpace(space):
                    if (word is not null)
                    {
                        words.Add(word.ToString());
                        word = null;
                    }

                    break;
                default:
                    (word ??= new StringBuilder()).Append(text[i]);
                    break;
            }
        }

        if (word is not null)
        {
            words.Add(word.ToString());
        }

        return words;
    }

    /// <summary>Reads the text between double quotes. A backslash there escapes a quote or a backslash.</summary>
    /// <returns>The index of the closing quote.</returns>
    private static int ReadDoubleQuoted(string text, int start, StringBuilder word)
    {
        for (var i = start + 1; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                return i;
            }

            // Inside double quotes, a backslash is special only before these characters.
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '"' or '\\' or '$' or '`')
            {
                i++;
            }

            word.Append(text[i]);
        }

        throw NotClosed('"', start);
    }

    private static DhtCommandException NotClosed(char quote, int at) =>
        new($"the quote {quote} at character {at + 1} is not closed: write \\{quote} for the character itself");
}
