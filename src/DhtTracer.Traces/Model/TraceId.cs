using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace DhtTracer.Traces.Model;

/// <summary>A 128-bit trace id (W3C Trace Context). Jaeger's 64-bit ids have a zero upper half.</summary>
/// <param name="High">The first eight bytes, big endian.</param>
/// <param name="Low">The last eight bytes, big endian.</param>
public readonly record struct TraceId(ulong High, ulong Low) : IComparable<TraceId>
{
    /// <summary>Whether the id is all zero. The specification calls that invalid.</summary>
    public bool IsZero => (High | Low) == 0;

    /// <summary>Reads 16 bytes in network order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 16 bytes.</exception>
    public static TraceId FromBytes(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Writes 16 bytes in network order.</summary>
    public void WriteBytes(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    /// <summary>The id as 16 bytes in network order.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[16];
        WriteBytes(bytes);
        return bytes;
    }

    /// <summary>Parses 1 to 32 hex digits, in either case. A short id is padded with zeros on the left, as Jaeger does.</summary>
    public static bool TryParse([NotNullWhen(true)] string? hex, out TraceId id)
    {
        id = default;
        if (hex is null || hex.Length is 0 or > 32)
        {
            return false;
        }

        var lowDigits = Math.Min(16, hex.Length);
        ulong high = 0;
        if (
            !ulong.TryParse(hex.AsSpan(hex.Length - lowDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low)
            || (
                hex.Length > 16
                && !ulong.TryParse(hex.AsSpan(0, hex.Length - 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out high)
            )
        )
        {
            return false;
        }

        id = new TraceId(high, low);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(TraceId other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <summary>Whether <paramref name="left"/> sorts before <paramref name="right"/>.</summary>
    public static bool operator <(TraceId left, TraceId right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> sorts after <paramref name="right"/>.</summary>
    public static bool operator >(TraceId left, TraceId right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> does not sort after <paramref name="right"/>.</summary>
    public static bool operator <=(TraceId left, TraceId right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> does not sort before <paramref name="right"/>.</summary>
    public static bool operator >=(TraceId left, TraceId right) => left.CompareTo(right) >= 0;

    /// <summary>32 lower-case hex digits.</summary>
    public override string ToString() =>
        string.Create(
            32,
            this,
            static (chars, id) =>
            {
                id.High.TryFormat(chars, out _, "x16", CultureInfo.InvariantCulture);
                id.Low.TryFormat(chars[16..], out _, "x16", CultureInfo.InvariantCulture);
            }
        );
}
