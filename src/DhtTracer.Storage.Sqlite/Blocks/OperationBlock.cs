using System.Buffers;
using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>The columns of one block of operations: as they are stored, or made from the rows when what is stored is out of date.</summary>
internal sealed class OperationBlock
{
    /// <summary>How many numbers of operations a block covers.</summary>
    public const int Size = 4096;

    /// <summary>The columns that are numbers, without the phases, in the order in which <see cref="Build"/> selects them.</summary>
    private const int Plain = (int)BlockColumn.Skipped + 1;

    /// <summary>Number of phases.</summary>
    public const int Phases = 8;

    private const string RowsSql = """
        SELECT no, start_ns, duration_ns, first_result_ns, discovery_ns, hops, queried, dialed, dial_failed, reused, duplicates, type,
          outcome, source, error_class, service, node, alpha, background, skipped, tally, phases, lint
        FROM dht_operation WHERE no BETWEEN ?1 AND ?2 ORDER BY no
        """;

    private readonly Dictionary<BlockColumn, byte[]>? _built;
    private readonly Statement? _stored;

    private int? _byDefault;

    private OperationBlock(long number, int count, Dictionary<BlockColumn, byte[]>? built, Statement? stored)
    {
        (Number, Count, _built, _stored) = (number, count, built, stored);
    }

    /// <summary>Its number.</summary>
    public long Number { get; }

    /// <summary>Number of operations.</summary>
    public int Count { get; }

    /// <summary>Whether its columns are those that are stored.</summary>
    public bool IsStored => _stored is not null;

    /// <summary>The columns that were made from rows; empty for a stored block.</summary>
    public IReadOnlyDictionary<BlockColumn, byte[]> Built => _built ?? [];

    /// <summary>A stored block.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="count">Number of operations.</param>
    /// <param name="stored">Selects a column by its number, see <see cref="SelectColumn"/>.</param>
    public static OperationBlock Stored(long number, int count, Statement stored) => new(number, count, null, stored);

    /// <summary>The statement that stored blocks read their columns with.</summary>
    public static Statement SelectColumn(SqliteConnection connection) =>
        new(connection, "SELECT data FROM operation_block_column WHERE no = ?1");

    /// <summary>The first and the last number that columns of a block can have.</summary>
    public static (long First, long Last) ColumnNumbers(long block) =>
        (ColumnNumber(block, BlockColumn.Number), ColumnNumber(block + 1, BlockColumn.Number) - 1);

    /// <summary>Number of a column in the table of columns.</summary>
    public static long ColumnNumber(long block, BlockColumn column) => (block * 64) + (int)column;

    /// <summary>Makes the columns of a block from its rows.</summary>
    public static OperationBlock Build(SqliteConnection connection, long number)
    {
        var columns = new List<long>[Plain + Phases];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = new List<long>(Size);
        }

        var lint = new List<long>(Size);
        var (errors, agents) = (new List<List<(long, long)>>(Size), new List<List<(long, long)>>(Size));
        using var rows = new Statement(connection, RowsSql);
        rows.Bind(1, number * Size).Bind(2, (number * Size) + Size - 1);
        while (rows.Step())
        {
            for (var i = 0; i < Plain; i++)
            {
                columns[i].Add(rows.IsNull(i) ? ColumnCodec.Unknown : rows.GetInt64(i));
            }

            var names = rows.GetBlob(Plain);
            errors.Add(Names(ref names));
            agents.Add(Names(ref names));
            lint.Add(rows.IsNull(Plain + 2) ? ColumnCodec.Unknown : rows.GetInt64(Plain + 2));
            var phases = rows.GetBlob(Plain + 1);
            var known = !rows.IsNull(Plain + 1);
            for (var i = 0; i < Phases; i++)
            {
                columns[Plain + i].Add(known ? (long)Varint.Read(ref phases) : ColumnCodec.Unknown);
            }
        }

        var built = new Dictionary<BlockColumn, byte[]>();
        for (var i = 0; i < columns.Length; i++)
        {
            built.Add((BlockColumn)i, ColumnCodec.Encode([.. columns[i]]));
        }

        bool ByDefault(int row) => columns[(int)BlockColumn.Background][row] == 0 && columns[(int)BlockColumn.Skipped][row] == 0;
        built.Add(BlockColumn.Lint, ColumnCodec.Encode([.. lint]));
        var tally = TallyColumn.Encode(errors, ByDefault);
        built.Add(BlockColumn.PeerErrors, tally.Rows);
        built.Add(BlockColumn.PeerErrorSums, tally.Sums);
        tally = TallyColumn.Encode(agents, ByDefault);
        built.Add(BlockColumn.Agents, tally.Rows);
        built.Add(BlockColumn.AgentSums, tally.Sums);
        built.Add(BlockColumn.PhaseSums, ColumnCodec.Encode([.. PhaseSumsOf(columns, ByDefault)]));
        return new OperationBlock(number, errors.Count, built, null);
    }

    /// <summary>The bytes of a column, valid until the next call.</summary>
    /// <exception cref="InvalidDataException">The column is not there.</exception>
    public ReadOnlySpan<byte> Bytes(BlockColumn column)
    {
        if (_built is not null)
        {
            return _built[column];
        }

        _stored!.Reset();
        return _stored.Bind(1, ColumnNumber(Number, column)).Step()
            ? _stored.GetBlob(0)
            : throw new InvalidDataException($"The database is damaged: column {column} of block {Number} is not there.");
    }

    /// <summary>How many of its operations count by default: those that are neither in the background nor skipped.</summary>
    public int CountByDefault()
    {
        if (_byDefault is { } known)
        {
            return known;
        }

        var background = ArrayPool<long>.Shared.Rent(Size);
        var skipped = ArrayPool<long>.Shared.Rent(Size);
        Read(BlockColumn.Background, background);
        Read(BlockColumn.Skipped, skipped);
        var count = 0;
        for (var i = 0; i < Count; i++)
        {
            count += (background[i] | skipped[i]) == 0 ? 1 : 0;
        }

        ArrayPool<long>.Shared.Return(background);
        ArrayPool<long>.Shared.Return(skipped);
        _byDefault = count;
        return count;
    }

    /// <summary>Unpacks a column.</summary>
    /// <param name="column">The column.</param>
    /// <param name="values">Receives a value for each operation.</param>
    public void Read(BlockColumn column, Span<long> values) => ColumnCodec.Decode(Bytes(column), values[..Count]);

    private static IEnumerable<long> PhaseSumsOf(List<long>[] columns, Func<int, bool> byDefault)
    {
        for (var phase = Plain; phase < Plain + Phases; phase++)
        {
            var (sum, squares, known) = (0L, 0.0, 0L);
            for (var row = 0; row < columns[phase].Count; row++)
            {
                if (byDefault(row) && columns[phase][row] is var ns && ns != ColumnCodec.Unknown)
                {
                    sum += ns;
                    squares += (double)ns * ns;
                    known++;
                }
            }

            yield return sum;
            yield return BitConverter.DoubleToInt64Bits(squares);
            yield return known;
        }
    }

    // A list of PackedTally.
    private static List<(long Text, long Count)> Names(ref ReadOnlySpan<byte> tally)
    {
        var names = new List<(long, long)>();
        for (var left = tally.IsEmpty ? 0 : Varint.Read(ref tally); left > 0; left--)
        {
            names.Add(((long)Varint.Read(ref tally), (long)Varint.Read(ref tally)));
        }

        return names;
    }
}
