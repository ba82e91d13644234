namespace DhtTracer.Storage.Columns;

/// <summary>
/// What each query of a block did with each peer, in columns, sorted by peer: as they are stored, or made from the rows by
/// <see cref="FactBlockBuilder"/>.
/// </summary>
internal sealed class FactBlock
{
    private static readonly FactPart[] Parts = Enum.GetValues<FactPart>();

    private readonly byte[]?[]? _built;
    private readonly IFactColumns? _stored;
    private readonly long _number;
    private readonly int[]?[] _starts = new int[64][];

    /// <summary>Facts that were made from rows.</summary>
    /// <param name="built">The columns by their numbers.</param>
    public FactBlock(byte[]?[] built) => _built = built;

    /// <summary>Stored facts.</summary>
    /// <param name="number">Number of the block.</param>
    /// <param name="stored">Reads columns. The columns of a block are valid until those of another are read.</param>
    public FactBlock(long number, IFactColumns stored) => (_number, _stored) = (number, stored);

    /// <summary>All columns that are stored.</summary>
    public static IReadOnlyList<FactColumn> Columns { get; } =
    [
        .. Enum.GetValues<FactColumn>().Where(static column => column < FactColumn.Contacted),
        .. Parts.Select(static part => FactColumn.Contacted + (int)part),
        .. Parts.Select(static part => FactColumn.Heard + (int)part),
    ];

    /// <summary>The first and the last number that columns of a block can have in their table.</summary>
    public static (long First, long Last) ColumnNumbers(long block) =>
        (ColumnNumber(block, FactColumn.Peer), ColumnNumber(block + 1, FactColumn.Peer) - 1);

    /// <summary>Number of a column in its table.</summary>
    public static long ColumnNumber(long block, FactColumn column) => (block * 64) + (int)column;

    /// <summary>A column, as it is stored.</summary>
    /// <exception cref="InvalidDataException">The column is not there.</exception>
    public ReadOnlySpan<byte> Bytes(FactColumn column) =>
        _built is null ? _stored!.Bytes(_number, column)
        : _built[(int)column] is { } bytes ? bytes
        : throw new InvalidDataException($"Column {column} of facts is not there.");

    /// <summary>A column, to be read by places.</summary>
    /// <exception cref="InvalidDataException">The column is not there, or damaged.</exception>
    public ColumnView this[FactColumn column] => new(Bytes(column));

    /// <summary>Where the values of each peer begin in a list, and where they end.</summary>
    /// <param name="counts">The column with the lengths.</param>
    public ReadOnlySpan<int> Starts(FactColumn counts)
    {
        if (_starts[(int)counts] is { } known)
        {
            return known;
        }

        var column = this[counts];
        var starts = new int[column.Count + 1];
        for (var i = 0; i < column.Count; i++)
        {
            starts[i + 1] = checked(starts[i] + (int)column[i]);
        }

        return _starts[(int)counts] = starts;
    }
}

/// <summary>Reads stored columns of facts.</summary>
internal interface IFactColumns
{
    /// <summary>A column; valid until the same column of another block is read.</summary>
    /// <exception cref="InvalidDataException">The column is not there.</exception>
    ReadOnlySpan<byte> Bytes(long block, FactColumn column);
}
