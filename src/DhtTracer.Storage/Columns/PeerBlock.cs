using System.Numerics;

namespace DhtTracer.Storage.Columns;

/// <summary>
/// The stored sums of a block by peer: of its operations in the background, or of the others. Skipped ones had nobody to ask, so they
/// are in neither.
/// </summary>
/// <param name="read">Reads columns.</param>
internal sealed class PeerBlock(StoredColumn read)
{
    /// <summary>One more than the greatest number of a column.</summary>
    public const int Columns = (int)PeerColumn.LossClassSquares + 1;

    private readonly long[][] _columns = [.. Enumerable.Range(0, Columns).Select(static _ => Array.Empty<long>())];
    private long _number;

    /// <summary>All columns that are stored.</summary>
    public static IReadOnlyList<PeerColumn> Stored { get; } = Enum.GetValues<PeerColumn>();

    /// <summary>Number of a column in the table of columns.</summary>
    public static long ColumnNumber(long block, bool background, PeerColumn column) =>
        (((block * 2) + (background ? 1 : 0)) * 64) + (int)column;

    /// <summary>The first and the last number that columns of a block can have.</summary>
    public static (long First, long Last) ColumnNumbers(long block) =>
        (ColumnNumber(block, false, PeerColumn.Peer), ColumnNumber(block + 1, false, PeerColumn.Peer) - 1);

    /// <summary>Moves to a block.</summary>
    /// <param name="block">Its number.</param>
    /// <param name="background">Which of the two sums.</param>
    public void MoveTo(long block, bool background) => _number = (block * 2) + (background ? 1 : 0);

    /// <summary>Unpacks a column; valid until the same column is read again.</summary>
    /// <exception cref="InvalidDataException">The column is not there, or damaged.</exception>
    public ReadOnlySpan<long> Read(PeerColumn column)
    {
        if (!read((_number * 64) + (int)column, out var bytes))
        {
            throw new InvalidDataException($"The database is damaged: column {column} of peers {_number} is not there.");
        }

        var count = new ColumnView(bytes).Count;
        ref var values = ref _columns[(int)column];
        if (values.Length < count)
        {
            values = new long[BitOperations.RoundUpToPowerOf2((uint)count)];
        }

        ColumnCodec.Decode(bytes[4..], values.AsSpan(0, count));
        return values.AsSpan(0, count);
    }
}

/// <summary>Reads a stored column.</summary>
/// <param name="number">Its number in its table.</param>
/// <param name="bytes">The column; valid until the next call.</param>
/// <returns>Whether there is such a column.</returns>
internal delegate bool StoredColumn(long number, out ReadOnlySpan<byte> bytes);
