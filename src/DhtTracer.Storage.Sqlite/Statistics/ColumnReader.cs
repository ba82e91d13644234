using System.Buffers;
using System.Globalization;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Sqlite.Blocks;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Statistics;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Statistics;

/// <summary>Reads what statistics need of all operations that pass a filter, from blocks of columns.</summary>
internal static class ColumnReader
{
    /// <summary>Reads the columns of the operations.</summary>
    public static OperationColumns Operations(SqliteConnection connection, QueryFilter filter, CancellationToken cancellationToken)
    {
        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        using var scan = new BlockScan(connection, filter);
        var blocks = BlockScan.Blocks(connection);
        var columns = new OperationColumns(scan.Most(blocks));
        var buffer = ArrayPool<long>.Shared.Rent(OperationBlock.Size);
        var byDefault = filter is { Background: false, Skipped: false };
        foreach (var (block, memory) in scan.Read(blocks, cancellationToken))
        {
            var found = memory.Span;
            var rows = columns.Append(found.Length);
            Gather(block, BlockColumn.Number, found, buffer, rows.Numbers);
            Gather(block, BlockColumn.Start, found, buffer, rows.Starts);
            Gather(block, BlockColumn.Duration, found, buffer, rows.Durations);
            Gather(block, BlockColumn.FirstResult, found, buffer, rows.FirstResults);
            Gather(block, BlockColumn.Discovery, found, buffer, rows.Discoveries);
            Gather(block, BlockColumn.Hops, found, buffer, rows.Hops);
            Gather(block, BlockColumn.Queried, found, buffer, rows.Queried);
            Gather(block, BlockColumn.Dialed, found, buffer, rows.Dialed);
            Gather(block, BlockColumn.DialFailed, found, buffer, rows.DialFailed);
            Gather(block, BlockColumn.Reused, found, buffer, rows.Reused);
            Gather(block, BlockColumn.Duplicates, found, buffer, rows.Duplicates);
            Gather(block, BlockColumn.Outcome, found, buffer, rows.Outcomes);
            foreach (var (error, count) in CountBy(block, BlockColumn.ErrorClass, found, buffer))
            {
                columns.Errors.Add(texts.Get(error), count, count);
            }

            // What a block adds up to by default is stored with it, but holds only if all of those operations passed the filter.
            var isWhole = byDefault && found.Length == CountByDefault(block, buffer);
            Sum(block, BlockColumn.PeerErrors, found, isWhole, texts, columns.PeerErrors);
            Sum(block, BlockColumn.Agents, found, isWhole, texts, columns.Agents);
            SumPhases(block, found, buffer, columns.Phases);
            block.Read(BlockColumn.Lint, buffer);
            foreach (var row in found)
            {
                if (buffer[row] != ColumnCodec.Unknown)
                {
                    columns.Lint.Add(buffer[row]);
                }
            }
        }

        ArrayPool<long>.Shared.Return(buffer);
        return columns;
    }

    /// <summary>Counts the operations that pass a filter, up to a limit.</summary>
    public static long Count(SqliteConnection connection, QueryFilter filter, long limit, CancellationToken cancellationToken)
    {
        using var scan = new BlockScan(connection, filter);
        var count = 0L;
        foreach (var (_, rows) in scan.Read(BlockScan.Blocks(connection), cancellationToken))
        {
            count += rows.Length;
            if (count >= limit)
            {
                return limit;
            }
        }

        return count;
    }

    /// <summary>Counts operations per facet.</summary>
    public static OperationFacets Facets(SqliteConnection connection, QueryFilter filter, CancellationToken cancellationToken)
    {
        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        using var peers = new NumberedStrings(connection, "SELECT id FROM peer WHERE no = ?1", PeerTable.Read);
        using var scan = new BlockScan(connection, filter);
        var buffer = ArrayPool<long>.Shared.Rent(OperationBlock.Size);
        var byDefault = filter is { Background: false, Skipped: false };
        var (types, services, nodes) = (new TallySums(), new TallySums(), new TallySums());
        var (sources, alphas, agents) = (new TallySums(), new TallySums(), new TallySums());
        var operations = 0;
        long? last = null;
        foreach (var (block, memory) in scan.Read(BlockScan.Blocks(connection), cancellationToken))
        {
            var found = memory.Span;
            operations += found.Length;
            block.Read(BlockColumn.Start, buffer);
            foreach (var row in found)
            {
                last = last > buffer[row] ? last : buffer[row];
            }

            Add(types, BlockColumn.Type, static number => Words.Of((QueryType)number));
            Add(sources, BlockColumn.Source, static number => Words.Of((TraceSource)number));
            Add(services, BlockColumn.Service, texts.Get);
            Add(nodes, BlockColumn.Node, peers.Get);
            Add(alphas, BlockColumn.Alpha, static number => number.ToString(CultureInfo.InvariantCulture));
            Sum(block, BlockColumn.Agents, found, byDefault && found.Length == CountByDefault(block, buffer), texts, agents);

            void Add(TallySums sums, BlockColumn column, Func<long, string> name)
            {
                foreach (var (number, count) in CountBy(block, column, memory.Span, buffer))
                {
                    sums.Add(name(number), count, count);
                }
            }
        }

        ArrayPool<long>.Shared.Return(buffer);
        return new OperationFacets
        {
            Operations = operations,
            LastUnixNano = (ulong?)last,
            Types = types.Operations,
            Services = services.Operations,
            Nodes = nodes.Operations,
            Sources = sources.Operations,
            Alphas = alphas.Operations,
            Agents = agents.Operations,
        };
    }

    private static int CountByDefault(OperationBlock block, long[] buffer)
    {
        Span<bool> apart = stackalloc bool[block.Count];
        foreach (var column in (ReadOnlySpan<BlockColumn>)[BlockColumn.Background, BlockColumn.Skipped])
        {
            block.Read(column, buffer);
            for (var i = 0; i < apart.Length; i++)
            {
                apart[i] |= buffer[i] != 0;
            }
        }

        return apart.Count(false);
    }

    private static Dictionary<long, int> CountBy(OperationBlock block, BlockColumn column, ReadOnlySpan<int> rows, long[] buffer)
    {
        block.Read(column, buffer);
        var counts = new Dictionary<long, int>();
        foreach (var row in rows)
        {
            if (buffer[row] != ColumnCodec.Unknown)
            {
                System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(counts, buffer[row], out _)++;
            }
        }

        return counts;
    }

    private static void Sum(
        OperationBlock block,
        BlockColumn column,
        ReadOnlySpan<int> rows,
        bool isWhole,
        NumberedStrings texts,
        TallySums sums
    )
    {
        var bytes = block.Bytes(column);
        var names = TallyColumn.ReadNames(ref bytes);
        var counts = new (long Count, int Operations)[names.Length];
        if (isWhole)
        {
            counts = Array.ConvertAll(names, static name => (name.Count, name.Operations));
        }
        else
        {
            TallyColumn.Sum(bytes, rows, counts);
        }

        for (var i = 0; i < names.Length; i++)
        {
            if (counts[i].Operations > 0)
            {
                sums.Add(texts.Get(names[i].Text), counts[i].Count, counts[i].Operations);
            }
        }
    }

    private static void SumPhases(OperationBlock block, ReadOnlySpan<int> rows, long[] buffer, NamedSums sums)
    {
        for (var i = 0; i < PhaseSums.Names.Count; i++)
        {
            block.Read(BlockColumn.FirstPhase + i, buffer);
            var (sum, squares, known) = (0L, 0.0, 0);
            foreach (var row in rows)
            {
                if (buffer[row] is var ns && ns != ColumnCodec.Unknown)
                {
                    sum += ns;
                    squares += (double)ns * ns;
                    known++;
                }
            }

            if (known > 0)
            {
                sums.Add(PhaseSums.Names[i], sum, squares);
                sums.Operations += i == 0 ? known : 0;
            }
        }
    }

    private static void Gather(OperationBlock block, BlockColumn column, ReadOnlySpan<int> rows, long[] buffer, Span<long> values)
    {
        block.Read(column, buffer);
        for (var i = 0; i < rows.Length; i++)
        {
            values[i] = buffer[rows[i]];
        }
    }

    private static void Gather(OperationBlock block, BlockColumn column, ReadOnlySpan<int> rows, long[] buffer, Span<ulong> values)
    {
        block.Read(column, buffer);
        for (var i = 0; i < rows.Length; i++)
        {
            values[i] = (ulong)buffer[rows[i]];
        }
    }

    private static void Gather(OperationBlock block, BlockColumn column, ReadOnlySpan<int> rows, long[] buffer, Span<int> values)
    {
        block.Read(column, buffer);
        for (var i = 0; i < rows.Length; i++)
        {
            var value = buffer[rows[i]];
            values[i] = value == ColumnCodec.Unknown ? OperationColumns.UnknownCount : (int)value;
        }
    }

    private static void Gather(OperationBlock block, BlockColumn column, ReadOnlySpan<int> rows, long[] buffer, Span<byte> values)
    {
        block.Read(column, buffer);
        for (var i = 0; i < rows.Length; i++)
        {
            values[i] = (byte)buffer[rows[i]];
        }
    }
}
