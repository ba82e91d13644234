using System.Buffers.Binary;

namespace DhtTracer.Storage.Columns;

/// <summary>
/// A column of whole numbers as bytes: all in the fewest bytes that hold the distance of the greatest from the least, so that the number
/// at a place is read without those before it. Layout, little-endian: a byte with the width (0 to 8, or 9), 8 bytes with the least number,
/// the numbers, 8 bytes of padding. A stored number is 0 for unknown, else its distance from the least plus 1. With width 9, numbers stand
/// as they are in 8 bytes.
/// </summary>
internal static class ColumnCodec
{
    /// <summary>An unknown value.</summary>
    public const long Unknown = long.MinValue;

    /// <summary>Bytes before the numbers.</summary>
    public const int Header = 9;

    /// <summary>Most values of a column that tells its own length: a peer has at most some thousand values in a block.</summary>
    public const int MostValues = 64 << 20;

    private const int Padding = 8;
    private const int AsTheyAre = 9;

    /// <summary>Packs a column.</summary>
    public static byte[] Encode(ReadOnlySpan<long> values)
    {
        var (least, greatest, unknown) = (long.MaxValue, long.MinValue, false);
        foreach (var value in values)
        {
            if (value == Unknown)
            {
                unknown = true;
                continue;
            }

            least = Math.Min(least, value);
            greatest = Math.Max(greatest, value);
        }

        var range = least > greatest ? 0 : unchecked((ulong)greatest - (ulong)least);
        var width =
            least > greatest || (range == 0 && !unknown) ? 0
            : range >= ulong.MaxValue - 1 ? AsTheyAre
            : (71 - System.Numerics.BitOperations.LeadingZeroCount(range + 1)) / 8;
        var size = Math.Min(width, 8);
        var bytes = new byte[Header + (values.Length * size) + Padding];
        bytes[0] = (byte)width;

        // Width 0: all are the least, or all unknown.
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), least > greatest ? Unknown : least);
        for (var i = 0; i < values.Length && width > 0; i++)
        {
            var stored =
                width == AsTheyAre ? (ulong)values[i]
                : values[i] == Unknown ? 0
                : unchecked((ulong)values[i] - (ulong)least) + 1;

            // Eight bytes are written; those beyond the width are overwritten by the next number or stay in the padding.
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(Header + (i * size)), stored);
        }

        return bytes;
    }

    /// <summary>The value that all places of a column have; null when they may differ.</summary>
    public static long? Only(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= Header && bytes[0] == 0 ? BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]) : null;

    /// <summary>The width of the numbers of a column, and the least of them.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged: too few for so many values.</exception>
    public static (int Width, long Least) Check(ReadOnlySpan<byte> bytes, int count)
    {
        var width = bytes.IsEmpty ? AsTheyAre + 1 : bytes[0];
        if (width > AsTheyAre || bytes.Length < Header + ((long)count * Math.Min(width, 8)) + Padding)
        {
            throw new InvalidDataException($"A stored column has {bytes.Length} bytes: too few for {count} values.");
        }

        return (width, BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]));
    }

    /// <summary>Unpacks a column of as many values as <paramref name="values"/> holds.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Decode(ReadOnlySpan<byte> bytes, Span<long> values)
    {
        var (width, least) = Check(bytes, values.Length);
        var numbers = bytes[Header..];
        switch (width)
        {
            case 0:
                values.Fill(least);
                break;
            case AsTheyAre:
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = BinaryPrimitives.ReadInt64LittleEndian(numbers[(i * 8)..]);
                }

                break;
            default:
                var mask = ulong.MaxValue >> (64 - (8 * width));
                for (var i = 0; i < values.Length; i++)
                {
                    var stored = BinaryPrimitives.ReadUInt64LittleEndian(numbers[(i * width)..]) & mask;
                    values[i] = stored == 0 ? Unknown : unchecked(least + (long)(stored - 1));
                }

                break;
        }
    }
}
