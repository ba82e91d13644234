using System.Globalization;

namespace DhtTracer.Storage.Filters;

/// <summary>What is wrong with a filter.</summary>
public enum FilterErrorKind
{
    /// <summary>A quote has no end.</summary>
    OpenQuote = 1,

    /// <summary>No condition has this name.</summary>
    UnknownName = 2,

    /// <summary>A name has no value.</summary>
    NoValue = 3,

    /// <summary>The value is not one that the condition can have.</summary>
    WrongValue = 4,

    /// <summary>The condition stands twice, with other values.</summary>
    Twice = 5,

    /// <summary>The condition cannot be negated.</summary>
    NotNegatable = 6,

    /// <summary>The text is too long, or has too many conditions.</summary>
    TooLong = 7,

    /// <summary>The end of a peer id fits no peer, or several.</summary>
    UnclearPeer = 8,
}

/// <summary>A part of a filter that was not understood.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Column">Where, from 1; null for a field of a form.</param>
/// <param name="Message">One sentence with the remedy. It can quote hostile text.</param>
public sealed record FilterError(FilterErrorKind Kind, int? Column, string Message)
{
    /// <summary>The sentence with its place.</summary>
    public override string ToString() =>
        Column is { } column ? string.Create(CultureInfo.InvariantCulture, $"Column {column}: {Message}") : Message;
}
