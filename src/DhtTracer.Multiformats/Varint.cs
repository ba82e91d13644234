using System.Numerics;

namespace DhtTracer.Multiformats;

/// <summary>
/// Unsigned variable-length integers of at most 9 bytes and 63 bits, least significant group first
/// (<see href="https://github.com/multiformats/unsigned-varint"/>). 300 is <c>ac 02</c>.
/// </summary>
public static class Varint
{
    /// <summary>Maximum size of a varint, in bytes.</summary>
    public const int MaxLength = 9;

    /// <summary>The largest value, 2^63 - 1.</summary>
    public const ulong MaxValue = long.MaxValue;

    /// <summary>Number of bytes, 1 to 9, that <see cref="Write"/> needs for <paramref name="value"/>.</summary>
    public static int Length(ulong value) => value == 0 ? 1 : (BitOperations.Log2(value) / 7) + 1;

    /// <summary>Writes <paramref name="value"/> in as few bytes as possible and returns the number of bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is above <see cref="MaxValue"/>, or <paramref name="destination"/> is too
    /// short.</exception>
    public static int Write(Span<byte> destination, ulong value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, Length(value), nameof(destination));
        var i = 0;
        for (; value >= 0x80; value >>= 7)
        {
            destination[i++] = (byte)(value | 0x80);
        }

        destination[i++] = (byte)value;
        return i;
    }

    /// <summary>Reads the varint at the start of <paramref name="source"/>.</summary>
    /// <param name="source">The bytes. Anything after the varint is ignored.</param>
    /// <param name="value">The value, or 0 on error.</param>
    /// <param name="length">Number of bytes read, or 0 on error.</param>
    /// <param name="allowOverlong">Whether a value may be padded with zero groups, as some protobuf writers do. The limit is still 9
    /// bytes.</param>
    public static MultiformatError Read(ReadOnlySpan<byte> source, out ulong value, out int length, bool allowOverlong = false)
    {
        value = 0;
        length = 0;
        ulong result = 0;
        for (var i = 0; i < source.Length; i++)
        {
            if (i == MaxLength)
            {
                return MultiformatError.TooLong;
            }

            var b = source[i];
            result |= (ulong)(b & 0x7f) << (7 * i);
            if (b < 0x80)
            {
                if (b == 0 && i > 0 && !allowOverlong)
                {
                    return MultiformatError.NotMinimal;
                }

                value = result;
                length = i + 1;
                return MultiformatError.None;
            }
        }

        return source.Length >= MaxLength ? MultiformatError.TooLong : MultiformatError.Truncated;
    }
}
