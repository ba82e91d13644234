using System.Collections.Immutable;

namespace DhtTracer.Traces.Model;

/// <summary>OTLP <c>AnyValue</c>: one of the sealed records below. Compared by content.</summary>
public abstract record AttributeValue
{
    private protected AttributeValue() { }

    /// <summary>The string, if this is one.</summary>
    public string? AsString() => (this as StringValue)?.Value;

    /// <summary>The integer, if this is one.</summary>
    public long? AsInt() => (this as IntValue)?.Value;

    /// <summary>The boolean, if this is one.</summary>
    public bool? AsBool() => (this as BoolValue)?.Value;

    /// <summary>A string becomes a value.</summary>
    public static implicit operator AttributeValue(string value) => new StringValue(value);

    /// <summary>An integer becomes a value.</summary>
    public static implicit operator AttributeValue(long value) => new IntValue(value);

    /// <summary>A boolean becomes a value.</summary>
    public static implicit operator AttributeValue(bool value) => new BoolValue(value);

    /// <summary>A double becomes a value.</summary>
    public static implicit operator AttributeValue(double value) => new DoubleValue(value);
}

/// <summary>An <c>AnyValue</c> with nothing set.</summary>
public sealed record EmptyValue : AttributeValue
{
    public static EmptyValue Instance { get; } = new();
}

/// <summary>A string.</summary>
public sealed record StringValue(string Value) : AttributeValue;

/// <summary>A boolean.</summary>
public sealed record BoolValue(bool Value) : AttributeValue;

/// <summary>A signed 64-bit integer.</summary>
public sealed record IntValue(long Value) : AttributeValue;

/// <summary>A double, compared by its bits: NaN equals NaN.</summary>
public sealed record DoubleValue(double Value) : AttributeValue;

/// <summary>Bytes.</summary>
public sealed record BytesValue(ImmutableArray<byte> Value) : AttributeValue
{
    /// <inheritdoc/>
    public bool Equals(BytesValue? other) => other is not null && Value.AsSpan().SequenceEqual(other.Value.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Value.AsSpan());
        return hash.ToHashCode();
    }
}

/// <summary>An array of values, possibly of different types.</summary>
public sealed record ArrayValue(ImmutableArray<AttributeValue> Values) : AttributeValue
{
    /// <inheritdoc/>
    public bool Equals(ArrayValue? other) => other is not null && Values.AsSpan().SequenceEqual(other.Values.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => Values.Length == 0 ? 0 : HashCode.Combine(Values.Length, Values[0], Values[^1]);
}

public sealed record KeyValueListValue(AttributeList Values) : AttributeValue;
