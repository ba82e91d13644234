// Over 300 lines, because every condition of a filter on columns stands once here, and how it leaves rows out.
using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Dapper;
using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Packed;
using DhtTracer.Storage.Sqlite.Queries;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>
/// Finds the operations that pass a filter, block by block. It reads only the columns that the filter names, and no block that lies outside
/// its time. Keys and peers are found in their indexes, and only the blocks of those operations are read.
/// </summary>
internal sealed class BlockScan : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Statement _columns;
    private readonly long[]? _numbers;
    private readonly (BlockColumn Column, Func<long, bool> Keeps)[] _conditions;
    private readonly (BlockColumn Column, long[] Texts)[] _tallies;
    private readonly LeftOut[] _exceptions;
    private readonly long _from;
    private readonly long _to;
    private readonly long[] _values = ArrayPool<long>.Shared.Rent(OperationBlock.Size);
    private readonly int[] _rows = ArrayPool<int>.Shared.Rent(OperationBlock.Size);

    public BlockScan(SqliteConnection connection, QueryFilter filter)
    {
        _connection = connection;
        _columns = OperationBlock.SelectColumn(connection);
        _from = filter.FromUnixNano is { } from ? Nanoseconds.ToColumn(from) : long.MinValue;
        _to = filter.ToUnixNano is { } to ? Nanoseconds.ToColumn(to) : long.MaxValue;
        _numbers = filter.Key is null && filter.Peer is null ? null : Numbers(connection, filter);
        _conditions = [.. Conditions(filter)];
        _tallies = [.. Tallies(filter)];
        _exceptions =
        [
            .. filter.Except.Select(except => new LeftOut(
                except.Key is null && except.Peer is null ? null : Numbers(connection, except),
                [.. Conditions(except)],
                [.. Tallies(except)]
            )),
        ];
    }

    /// <summary>An upper bound of the operations that pass, without reading columns.</summary>
    public int Most(IReadOnlyList<BlockState> blocks)
    {
        if (_numbers is not null)
        {
            return _numbers.Length;
        }

        var most = 0L;
        foreach (var block in blocks)
        {
            most +=
                !block.IsPacked ? OperationBlock.Size
                : Overlaps(block) ? block.Operations
                : 0;
        }

        return checked((int)most);
    }

    public static List<BlockState> Blocks(SqliteConnection connection) =>
        connection
            .Query<BlockState>(
                """
                SELECT no AS Number, packed IS NOT NULL AND packed = revision AS IsPacked, ifnull(operations, 0) AS Operations,
                  ifnull(first_ns, 0) AS FirstNs, ifnull(last_ns, 0) AS LastNs
                FROM operation_block ORDER BY no
                """
            )
            .AsList();

    /// <summary>The blocks with operations that pass, each with their places. The places are valid until the next block.</summary>
    public IEnumerable<(OperationBlock Block, ReadOnlyMemory<int> Rows)> Read(
        IReadOnlyList<BlockState> blocks,
        CancellationToken cancellationToken
    )
    {
        foreach (var state in blocks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if ((state.IsPacked && !Overlaps(state)) || !HasNumbers(state.Number))
            {
                continue;
            }

            var block = state.IsPacked
                ? OperationBlock.Stored(state.Number, state.Operations, _columns)
                : OperationBlock.Build(_connection, state.Number);
            var count = Match(block, isInside: state.IsPacked && state.FirstNs >= _from && state.LastNs < _to);
            if (count > 0)
            {
                yield return (block, _rows.AsMemory(0, count));
            }
        }
    }

    public void Dispose()
    {
        ArrayPool<long>.Shared.Return(_values);
        ArrayPool<int>.Shared.Return(_rows);
        _columns.Dispose();
    }

    private bool Overlaps(BlockState block) => block.Operations > 0 && block.LastNs >= _from && block.FirstNs < _to;

    private int Match(OperationBlock block, bool isInside)
    {
        var count = block.Count;
        for (var i = 0; i < count; i++)
        {
            _rows[i] = i;
        }

        if (_numbers is not null)
        {
            count = Keep(block, BlockColumn.Number, count, number => Array.BinarySearch(_numbers, number) >= 0);
        }

        if (!isInside && (_from > long.MinValue || _to < long.MaxValue))
        {
            count = Keep(block, BlockColumn.Start, count, start => start >= _from && start < _to);
        }

        foreach (var (column, keeps) in _conditions)
        {
            count = count == 0 ? 0 : Keep(block, column, count, keeps);
        }

        foreach (var (column, texts) in _tallies)
        {
            count = count == 0 ? 0 : KeepNamed(block, column, _rows.AsSpan(0, count), texts);
        }

        foreach (var except in _exceptions)
        {
            count = count == 0 ? 0 : LeaveOut(block, except, count);
        }

        return count;
    }

    private static int KeepNamed(OperationBlock block, BlockColumn column, Span<int> rows, long[] texts)
    {
        var bytes = block.Bytes(column);
        var names = TallyColumn.ReadNames(ref bytes);
        var isWanted = Array.ConvertAll(names, name => Array.BinarySearch(texts, name.Text) >= 0);
        return TallyColumn.Keep(bytes, rows, isWanted);
    }

    // An exception has one condition, on numbers, on a column or on names.
    private int LeaveOut(OperationBlock block, LeftOut except, int count)
    {
        if (except.Numbers is { } numbers)
        {
            count = Keep(block, BlockColumn.Number, count, number => Array.BinarySearch(numbers, number) < 0);
        }

        foreach (var (column, keeps) in except.Conditions)
        {
            count = Keep(block, column, count, value => !keeps(value));
        }

        foreach (var (column, texts) in except.Tallies)
        {
            var named = _rows.AsSpan(0, count).ToArray();
            var without = named.AsSpan(0, KeepNamed(block, column, named, texts)).ToArray();
            var kept = 0;
            for (var i = 0; i < count; i++)
            {
                if (Array.BinarySearch(without, _rows[i]) < 0)
                {
                    _rows[kept++] = _rows[i];
                }
            }

            count = kept;
        }

        return count;
    }

    private int Keep(OperationBlock block, BlockColumn column, int count, Func<long, bool> keeps)
    {
        block.Read(column, _values);
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            if (keeps(_values[_rows[i]]))
            {
                _rows[kept++] = _rows[i];
            }
        }

        return kept;
    }

    private bool HasNumbers(long block)
    {
        if (_numbers is null)
        {
            return true;
        }

        var at = Array.BinarySearch(_numbers, block * OperationBlock.Size);
        at = at < 0 ? ~at : at;
        return at < _numbers.Length && _numbers[at] < (block + 1) * OperationBlock.Size;
    }

    private IEnumerable<(BlockColumn Column, Func<long, bool> Keeps)> Conditions(QueryFilter filter)
    {
        (BlockColumn, Func<long, bool>) Equal(BlockColumn column, long wanted) => (column, value => value == wanted);

        if (filter.Background is { } background)
        {
            yield return Equal(BlockColumn.Background, background ? 1 : 0);
        }

        if (filter.Skipped is { } skipped)
        {
            yield return Equal(BlockColumn.Skipped, skipped ? 1 : 0);
        }

        if (filter.Type is { } type)
        {
            yield return Equal(BlockColumn.Type, (long)type);
        }

        if (filter.Outcome is { } outcome)
        {
            yield return Equal(BlockColumn.Outcome, (long)outcome);
        }

        if (filter.Source is { } source)
        {
            yield return Equal(BlockColumn.Source, (long)source);
        }

        // A name that no trace has gets number -1, which no row has.
        if (filter.Service is { } service)
        {
            yield return Equal(BlockColumn.Service, TextNumber(service));
        }

        if (filter.Node is { } node)
        {
            yield return Equal(BlockColumn.Node, PeerTable.Find(_connection, node) ?? -1);
        }

        if (filter.ErrorClass is { } error)
        {
            yield return Equal(BlockColumn.ErrorClass, TextNumber(error));
        }

        if (filter.Alpha is { } alpha)
        {
            yield return Equal(BlockColumn.Alpha, alpha);
        }

        if (filter.LintMask is { } rules)
        {
            yield return (BlockColumn.Lint, value => value != ColumnCodec.Unknown && (value & rules) == rules);
        }

        if (filter.MinDurationNs is not null || filter.MaxDurationNs is not null)
        {
            yield return Between(BlockColumn.Duration, filter.MinDurationNs, filter.MaxDurationNs);
        }

        if (filter.MinHops is not null || filter.MaxHops is not null)
        {
            yield return Between(BlockColumn.Hops, filter.MinHops, filter.MaxHops);
        }
    }

    // As in SQL, an unknown value is in no range.
    private static (BlockColumn Column, Func<long, bool> Keeps) Between(BlockColumn column, long? least, long? greatest)
    {
        var (low, high) = (least ?? long.MinValue, greatest ?? long.MaxValue);
        return (column, value => value != ColumnCodec.Unknown && value >= low && value <= high);
    }

    private IEnumerable<(BlockColumn Column, long[] Texts)> Tallies(QueryFilter filter)
    {
        if (filter.PeerErrorClass is { } error)
        {
            yield return (BlockColumn.PeerErrors, Texts(error, prefix: false));
        }

        if (filter.Agent is { } agent)
        {
            yield return (BlockColumn.Agents, Texts(agent, prefix: true));
        }
    }

    private long[] Texts(string text, bool prefix) =>
        MemoryMarshal.Cast<byte, long>(TallyFunction.NumbersOf(_connection, text, prefix)).ToArray();

    private long TextNumber(string text) => _connection.ExecuteScalar<long?>("SELECT no FROM text WHERE value = @text", new { text }) ?? -1;

    // The operations of a key or a peer, ascending.
    private static long[] Numbers(SqliteConnection connection, QueryFilter filter)
    {
        var indexed = new QueryFilter
        {
            Key = filter.Key,
            Peer = filter.Peer,
            Background = null,
            FromUnixNano = filter.FromUnixNano,
            ToUnixNano = filter.ToUnixNano,
        };
        var numbers = new SortedSet<long>();
        foreach (var source in QueryList.Sources(ListTable.Operations, indexed))
        {
            var parameters = new DynamicParameters();
            var sql = new StringBuilder($"SELECT q.no {source} WHERE 1 = 1");
            QueryList.Where(connection, ListTable.Operations, sql, parameters, indexed);
            numbers.UnionWith(connection.Query<long>(sql.ToString(), parameters, buffered: false));
        }

        return [.. numbers];
    }

    /// <summary>What leaves operations out.</summary>
    /// <param name="Numbers">The operations of its key or peer, ascending; null without these.</param>
    /// <param name="Conditions">Its condition on a column.</param>
    /// <param name="Tallies">Its condition on names.</param>
    private sealed record LeftOut(
        long[]? Numbers,
        (BlockColumn Column, Func<long, bool> Keeps)[] Conditions,
        (BlockColumn Column, long[] Texts)[] Tallies
    );
}

/// <summary>A block, without its columns, as Dapper fills it.</summary>
internal sealed class BlockState
{
    public long Number { get; init; }

    /// <summary>Whether its stored columns show its operations as they are. Without that, the figures below are out of date.</summary>
    public bool IsPacked { get; init; }

    public int Operations { get; init; }

    public long FirstNs { get; init; }

    public long LastNs { get; init; }
}
