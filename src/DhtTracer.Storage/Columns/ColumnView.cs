using System.Buffers.Binary;

namespace DhtTracer.Storage.Columns;

/// <summary>
/// A stored column whose values are read at their places, without unpacking it: the number of values in 4 bytes, then the bytes of a
/// <see cref="ColumnCodec"/>.
/// </summary>
internal readonly ref struct ColumnView
{
    private readonly ReadOnlySpan<byte> _numbers;
    private readonly int _width;
    private readonly long _least;
    private readonly ulong _mask;

    /// <summary>Looks at a column.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public ColumnView(ReadOnlySpan<byte> bytes)
    {
        // A damaged count must not be believed: the bytes have to be there, except where all values are equal.
        Count = bytes.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (Count is < 0 or > ColumnCodec.MostValues)
        {
            throw new InvalidDataException($"A stored column announces {Count} values in {bytes.Length} bytes.");
        }

        (_width, _least) = ColumnCodec.Check(bytes[4..], Count);
        _numbers = bytes[(4 + ColumnCodec.Header)..];
        _mask = _width is > 0 and < 8 ? ulong.MaxValue >> (64 - (8 * _width)) : ulong.MaxValue;
    }

    /// <summary>Number of values.</summary>
    public int Count { get; }

    /// <summary>The value at a place, or <see cref="ColumnCodec.Unknown"/>.</summary>
    public long this[int place]
    {
        get
        {
            if ((uint)place >= (uint)Count)
            {
                throw new InvalidDataException($"A stored column has {Count} values; number {place} is asked for.");
            }

            if (_width == 0)
            {
                return _least;
            }

            if (_width > 8)
            {
                return BinaryPrimitives.ReadInt64LittleEndian(_numbers[(place * 8)..]);
            }

            var stored = BinaryPrimitives.ReadUInt64LittleEndian(_numbers[(place * _width)..]) & _mask;
            return stored == 0 ? ColumnCodec.Unknown : unchecked(_least + (long)(stored - 1));
        }
    }

    /// <summary>A column as it is stored.</summary>
    public static byte[] Encode(ReadOnlySpan<long> values)
    {
        var packed = ColumnCodec.Encode(values);
        var bytes = new byte[4 + packed.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, values.Length);
        packed.CopyTo(bytes, 4);
        return bytes;
    }

    /// <summary>Unpacks some values.</summary>
    /// <param name="first">Place of the first.</param>
    /// <param name="values">Receives them.</param>
    public void CopyTo(int first, Span<long> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = this[first + i];
        }
    }
}
