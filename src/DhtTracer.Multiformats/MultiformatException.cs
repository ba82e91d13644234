namespace DhtTracer.Multiformats;

/// <summary>Why a self-describing value could not be read.</summary>
public enum MultiformatError
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>The input was empty.</summary>
    Empty,

    /// <summary>The input ended inside a value.</summary>
    Truncated,

    /// <summary>The input, or a value in it, is longer than allowed.</summary>
    TooLong,

    /// <summary>A varint has more bytes than it needs.</summary>
    NotMinimal,

    /// <summary>A character is not in the alphabet, or padding is wrong.</summary>
    InvalidCharacter,

    /// <summary>The base, version, protocol or code is not supported.</summary>
    Unsupported,

    /// <summary>A length, digest or address has an impossible size or value.</summary>
    InvalidValue,

    /// <summary>Bytes remain after a complete value.</summary>
    TrailingBytes,
}

/// <summary>Thrown by the <c>Parse</c> methods of this namespace. The <c>TryParse</c> methods return false instead.</summary>
public sealed class MultiformatException : FormatException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="error">What was wrong.</param>
    /// <param name="what">What was being read: <c>CID</c>, <c>peer id</c>, ...</param>
    /// <param name="input">The input, if it was text; the message shows at most 80 characters.</param>
    public MultiformatException(MultiformatError error, string what, string? input = null)
        : base(Describe(error, what, input)) => Error = error;

    /// <summary>What was wrong.</summary>
    public MultiformatError Error { get; }

    private static string Describe(MultiformatError error, string what, string? input)
    {
        var reason = error switch
        {
            MultiformatError.Empty => "it is empty",
            MultiformatError.Truncated => "it ends too early",
            MultiformatError.TooLong => "it is too long",
            MultiformatError.NotMinimal => "a number in it is written longer than needed",
            MultiformatError.InvalidCharacter => "it holds a character that its base does not have",
            MultiformatError.Unsupported => "its base, version or code is not supported",
            MultiformatError.InvalidValue => "a value in it is not possible",
            MultiformatError.TrailingBytes => "something follows its end",
            _ => error.ToString(),
        };
        var shown =
            input is null ? ""
            : input.Length > 80 ? $" \"{input[..80]}…\""
            : $" \"{input}\"";
        return $"Not a valid {what}{shown}: {reason}.";
    }
}
