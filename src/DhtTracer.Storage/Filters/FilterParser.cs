using System.Text;

namespace DhtTracer.Storage.Filters;

/// <summary>The terms of a filter text.</summary>
/// <param name="Terms">What was understood, in the order of the text.</param>
/// <param name="Errors">What was not.</param>
public sealed record ParsedFilter(IReadOnlyList<FilterTerm> Terms, IReadOnlyList<FilterError> Errors);

/// <summary>
/// Reads the filter language: <c>type:get-providers -outcome:failed agent:"kubo/0.3" slower:2s bafy…</c>. Terms stand between spaces and
/// must all hold. A value with spaces stands in quotes, in which a backslash takes the next character as it is.
/// A minus sign negates. A word
/// without a name is a key. Never fails: what it does not understand is an error with its column.
/// </summary>
public static class FilterParser
{
    /// <summary>Most characters of a filter.</summary>
    public const int LongestText = 500;

    private const int MostTerms = 30;

    // A key can be pasted as an address, which has a colon.
    private static readonly string[] Schemes = ["http", "https", "ipfs", "ipns", "ipld", "dweb"];

    /// <summary>Reads a filter.</summary>
    public static ParsedFilter Parse(string text)
    {
        var (terms, errors) = (new List<FilterTerm>(), new List<FilterError>());
        if (text.Length > LongestText)
        {
            errors.Add(
                new FilterError(
                    FilterErrorKind.TooLong,
                    LongestText + 1,
                    $"the filter is longer than {LongestText} characters; leave something out."
                )
            );
            return new ParsedFilter(terms, errors);
        }

        for (var at = 0; ; )
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            if (at == text.Length)
            {
                return new ParsedFilter(terms, errors);
            }

            if (terms.Count == MostTerms)
            {
                errors.Add(
                    new FilterError(FilterErrorKind.TooLong, at + 1, $"a filter has at most {MostTerms} conditions; leave some out.")
                );
                return new ParsedFilter(terms, errors);
            }

            at = ReadTerm(text, at, terms, errors);
        }
    }

    private static int ReadTerm(string text, int start, List<FilterTerm> terms, List<FilterError> errors)
    {
        var isNegated = text[start] == '-' && start + 1 < text.Length && !char.IsWhiteSpace(text[start + 1]);
        var at = isNegated ? start + 1 : start;
        var colon = at;
        while (colon < text.Length && char.IsAsciiLetter(text[colon]))
        {
            colon++;
        }

        var word = text[at..colon];
        var hasName = colon > at && colon < text.Length && text[colon] == ':' && !Schemes.Contains(word, StringComparer.OrdinalIgnoreCase);
        var (value, end, isClosed) = ReadValue(text, hasName ? colon + 1 : at);
        if (!isClosed)
        {
            var quote = text.IndexOf('"', start);
            errors.Add(new FilterError(FilterErrorKind.OpenQuote, quote + 1, "the quote that begins here has no end; add a \"."));
            return end;
        }

        if (hasName && FilterNames.Find(word) is null)
        {
            var remedy = FilterNames.Nearest(word) is { } near
                ? $"did you mean {near}?"
                : $"it is one of {string.Join(", ", FilterNames.All.Select(static name => name.Name))}. "
                    + "A key with a colon stands in quotes.";
            errors.Add(new FilterError(FilterErrorKind.UnknownName, at + 1, $"\"{word}\" is no name of a condition; {remedy}"));
            return end;
        }

        var name = hasName ? FilterNames.Find(word)! : FilterNames.Find("key")!;
        if (value.Length == 0)
        {
            errors.Add(
                new FilterError(
                    FilterErrorKind.NoValue,
                    (hasName ? colon : at) + 1,
                    $"{name.Name} has no value; write for example {name.Name}:{name.Example}, without a space after the colon."
                )
            );
            return end;
        }

        if (isNegated && !name.CanBeNegated)
        {
            errors.Add(
                new FilterError(FilterErrorKind.NotNegatable, start + 1, $"{name.Name} cannot be negated; leave out the minus sign.")
            );
            return end;
        }

        terms.Add(
            new FilterTerm(name.Name, value, isNegated)
            {
                WrittenName = hasName ? word : name.Name,
                At = start,
                Length = end - start,
            }
        );
        return end;
    }

    // Up to the next space outside of quotes.
    private static (string Value, int End, bool IsClosed) ReadValue(string text, int at)
    {
        var value = new StringBuilder();
        var isQuoted = false;
        for (; at < text.Length && (isQuoted || !char.IsWhiteSpace(text[at])); at++)
        {
            if (text[at] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (isQuoted && text[at] == '\\' && at + 1 < text.Length)
            {
                value.Append(text[++at]);
            }
            else
            {
                value.Append(text[at]);
            }
        }

        return (value.ToString().Trim(), at, !isQuoted);
    }
}
