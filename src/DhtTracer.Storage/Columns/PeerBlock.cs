using System.Buffers.Binary;

namespace DhtTracer.Storage.Columns;

/// <summary>
/// What some operations did with each peer, summed: the operations of one block that are in the background, or those that are not, as they
/// are stored; or any operations of a block, made from the rows.
/// </summary>
internal sealed class PeerBlock
{
    /// <summary>Number of columns.</summary>
    public const int Columns = (int)PeerColumn.LossClassSquares + 1;

    private readonly StoredColumn? _stored;
    private readonly long _number;
    private readonly long[]?[] _columns = new long[Columns][];
    private readonly int[]?[] _starts = new int[Columns][];

    private PeerBlock(StoredColumn? stored, long number) => (_stored, _number) = (stored, number);

    /// <summary>Texts that the table of texts does not have. Number -1 is the first, -2 the second, and so on.</summary>
    public IReadOnlyList<string> NewTexts { get; private init; } = [];

    /// <summary>A stored one.</summary>
    /// <param name="block">Number of the block.</param>
    /// <param name="background">Which of the two.</param>
    /// <param name="stored">Reads a column by its number.</param>
    public static PeerBlock Stored(long block, bool background, StoredColumn stored) => new(stored, (block * 2) + (background ? 1 : 0));

    /// <summary>One that was made from rows.</summary>
    public static PeerBlock Built(long[][] columns, IReadOnlyList<string> newTexts)
    {
        var block = new PeerBlock(null, 0) { NewTexts = newTexts };
        columns.CopyTo(block._columns, 0);
        return block;
    }

    /// <summary>Number of a column in the table of columns.</summary>
    public static long ColumnNumber(long block, bool background, int column) => (((block * 2) + (background ? 1 : 0)) * 64) + column;

    /// <summary>A column, unpacked when it is first asked for.</summary>
    /// <exception cref="InvalidDataException">The column is not there, or damaged.</exception>
    public long[] this[PeerColumn column]
    {
        get
        {
            if (_columns[(int)column] is { } known)
            {
                return known;
            }

            return _columns[(int)column] = _stored!((_number * 64) + (int)column, out var bytes)
                ? Decode(bytes)
                : throw new InvalidDataException($"The database is damaged: column {column} of peers {_number} is not there.");
        }
    }

    /// <summary>A column as it is stored: the number of values in 4 bytes, then a <see cref="ColumnCodec"/>.</summary>
    public static byte[] Encode(long[] values)
    {
        var packed = ColumnCodec.Encode(values);
        var bytes = new byte[4 + packed.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, values.Length);
        packed.CopyTo(bytes, 4);
        return bytes;
    }

    /// <summary>Where the values of each peer begin in a column of values, and where they end.</summary>
    /// <param name="counts">A column of counts.</param>
    public int[] Starts(PeerColumn counts)
    {
        if (_starts[(int)counts] is { } known)
        {
            return known;
        }

        var column = this[counts];
        var starts = new int[column.Length + 1];
        for (var i = 0; i < column.Length; i++)
        {
            starts[i + 1] = starts[i] + (int)column[i];
        }

        return _starts[(int)counts] = starts;
    }

    private static long[] Decode(ReadOnlySpan<byte> bytes)
    {
        var count = bytes.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes);

        // A damaged count must not allocate: a peer has at most some operations of 4,096, and these some thousand values.
        if (count is < 0 or > 64 << 20)
        {
            throw new InvalidDataException($"A stored column of peers announces {count} values in {bytes.Length} bytes.");
        }

        var values = GC.AllocateUninitializedArray<long>(count);
        ColumnCodec.Decode(bytes[4..], values);
        return values;
    }
}

/// <summary>Reads a stored column by its number. The bytes are valid until the next call.</summary>
/// <returns>Whether it is there.</returns>
internal delegate bool StoredColumn(long number, out ReadOnlySpan<byte> bytes);
