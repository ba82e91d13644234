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
    private readonly BlockCache _cache;
    private readonly Statement _columns;
    private readonly long[]? _numbers;
    private readonly Condition[] _conditions;
    private readonly (BlockColumn Column, long[] Texts)[] _tallies;
    private readonly LeftOut[] _exceptions;
    private readonly long _from;
    private readonly long _to;
    private readonly int? _hour;
    private readonly long[] _values = ArrayPool<long>.Shared.Rent(OperationBlock.Size);
    private readonly int[] _rows = ArrayPool<int>.Shared.Rent(OperationBlock.Size);

    public BlockScan(SqliteConnection connection, QueryFilter filter, BlockCache cache)
    {
        (_connection, _cache) = (connection, cache);
        _columns = OperationBlock.SelectColumn(connection);
        _from = filter.FromUnixNano is { } from ? Nanoseconds.ToColumn(from) : long.MinValue;
        _to = filter.ToUnixNano is { } to ? Nanoseconds.ToColumn(to) : long.MaxValue;
        _hour = filter.HourOfDay;
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

    /// <summary>How many operations to make room for, without reading columns. More may pass, or fewer.</summary>
    public int Expected(IReadOnlyList<BlockState> blocks)
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

        // Most operations count by default; any other condition may leave a few of them.
        var isNarrow =
            _hour is not null || _tallies.Length > 0 || _exceptions.Length > 0 || _conditions.Any(static condition => !condition.IsUsual);
        return (int)Math.Min(most, isNarrow ? 10 * OperationBlock.Size : Array.MaxLength / sizeof(long));
    }

    public static List<BlockState> Blocks(SqliteConnection connection) =>
        connection
            .Query<BlockState>(
                """
                SELECT no AS Number, revision AS Revision,
                  packed IS NOT NULL AND packed = revision AS IsPacked, ifnull(operations, 0) AS Operations,
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
                : _cache.Operations(state.Number, state.Revision, () => OperationBlock.Build(_connection, state.Number));
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
            count = KeepNumbers(block, count);
        }

        if (!isInside && (_from > long.MinValue || _to < long.MaxValue))
        {
            // The end is not included.
            count = Keep(block, new Condition(BlockColumn.Start, _from, _to - 1), count);
        }

        if (_hour is { } hour)
        {
            count = Leave(block, BlockColumn.Start, count, start => start / Nanoseconds.Hour % 24 != hour);
        }

        foreach (var condition in _conditions)
        {
            count = count == 0 ? 0 : Keep(block, condition, count);
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
        var sums = column == BlockColumn.Agents ? BlockColumn.AgentSums : BlockColumn.PeerErrorSums;
        var names = TallyColumn.ReadNames(block.Bytes(sums));
        var isWanted = Array.ConvertAll(names, name => Array.BinarySearch(texts, name.Text) >= 0);
        return TallyColumn.Keep(block.Bytes(column), rows, isWanted);
    }

    // An exception has one condition, on numbers, on a column or on names.
    private int LeaveOut(OperationBlock block, LeftOut except, int count)
    {
        if (except.Numbers is { } numbers)
        {
            count = Leave(block, BlockColumn.Number, count, number => Array.BinarySearch(numbers, number) >= 0);
        }

        foreach (var condition in except.Conditions)
        {
            count = Leave(block, condition.Column, count, condition.Keeps);
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

    private int KeepNumbers(OperationBlock block, int count)
    {
        block.Read(BlockColumn.Number, _values);
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            if (Array.BinarySearch(_numbers!, _values[_rows[i]]) >= 0)
            {
                _rows[kept++] = _rows[i];
            }
        }

        return kept;
    }

    private int Leave(OperationBlock block, BlockColumn column, int count, Func<long, bool> leaves)
    {
        block.Read(column, _values);
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            if (!leaves(_values[_rows[i]]))
            {
                _rows[kept++] = _rows[i];
            }
        }

        return kept;
    }

    private int Keep(OperationBlock block, Condition condition, int count)
    {
        // Often a block holds nothing else, and then its column holds nothing but that.
        var bytes = block.Bytes(condition.Column);
        if (ColumnCodec.Only(bytes) is { } only)
        {
            return condition.Keeps(only) ? count : 0;
        }

        ColumnCodec.Decode(bytes, _values.AsSpan(0, block.Count));
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            var row = _rows[i];
            _rows[kept] = row;
            kept += condition.Keeps(_values[row]) ? 1 : 0;
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

    private IEnumerable<Condition> Conditions(QueryFilter filter)
    {
        Condition Equal(BlockColumn column, long wanted) => new(column, wanted, wanted);

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
            yield return new Condition(BlockColumn.Lint, ColumnCodec.Unknown + 1, long.MaxValue, rules);
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

    private static Condition Between(BlockColumn column, long? least, long? greatest) =>
        new(column, least ?? ColumnCodec.Unknown + 1, greatest ?? long.MaxValue);

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
    private sealed record LeftOut(long[]? Numbers, Condition[] Conditions, (BlockColumn Column, long[] Texts)[] Tallies);
}
