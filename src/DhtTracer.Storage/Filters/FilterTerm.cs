namespace DhtTracer.Storage.Filters;

/// <summary>One condition of a filter, such as <c>-outcome:failed</c>, or a field of a form that says the same.</summary>
/// <param name="Name">Its name: one of <see cref="FilterNames"/>.</param>
/// <param name="Value">What it asks for, without quotes. Not empty.</param>
/// <param name="IsNegated">It must not hold.</param>
public sealed record FilterTerm(string Name, string Value, bool IsNegated)
{
    /// <summary>The name as it was written, which can be another word for <see cref="Name"/>.</summary>
    public required string WrittenName { get; init; }

    /// <summary>Its place in the text, from 0; null for a field of a form.</summary>
    public int? At { get; init; }

    /// <summary>Its length in the text, quotes included; 0 for a field.</summary>
    public int Length { get; init; }

    /// <summary>The term as a text that is read back as the same term.</summary>
    public override string ToString()
    {
        var value =
            Value.AsSpan().IndexOfAny([' ', '\t', '"', '\\']) < 0 && Value.Length > 0
                ? Value
                : $"\"{Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        return $"{(IsNegated ? "-" : "")}{Name}:{value}";
    }
}
