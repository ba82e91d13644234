using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace DhtTracer.Traces.Model;

/// <summary>A 64-bit span id (W3C Trace Context). Zero means "none", as in a root's parent.</summary>
/// <param name="Value">The eight bytes, big endian.</param>
public readonly record struct SpanId(ulong Value) : IComparable<SpanId>
{
    /// <summary>Whether this means "no span", as the parent of a root.</summary>
    public bool IsZero => Value == 0;

    /// <summary>Reads 8 bytes in network order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 8 bytes.</exception>
    public static SpanId FromBytes(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt64BigEndian(bytes));

    /// <summary>Writes 8 bytes in network order.</summary>
    public void WriteBytes(Span<byte> destination) => BinaryPrimitives.WriteUInt64BigEndian(destination, Value);

    /// <summary>The id as 8 bytes in network order.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[8];
        WriteBytes(bytes);
        return bytes;
    }

    /// <summary>Parses 1 to 16 hex digits, in either case.</summary>
    public static bool TryParse([NotNullWhen(true)] string? hex, out SpanId id)
    {
        id = default;
        if (
            hex is null
            || hex.Length is 0 or > 16
            || !ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
        )
        {
            return false;
        }

        id = new SpanId(value);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(SpanId other) => Value.CompareTo(other.Value);

    /// <summary>Whether <paramref name="left"/> sorts before <paramref name="right"/>.</summary>
    public static bool operator <(SpanId left, SpanId right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> sorts after <paramref name="right"/>.</summary>
    public static bool operator >(SpanId left, SpanId right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> does not sort after <paramref name="right"/>.</summary>
    public static bool operator <=(SpanId left, SpanId right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> does not sort before <paramref name="right"/>.</summary>
    public static bool operator >=(SpanId left, SpanId right) => left.Value >= right.Value;

    /// <summary>16 lower-case hex digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
