using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
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
    public static OperationColumns Operations(
        SqliteConnection connection,
        QueryFilter filter,
        BlockCache cache,
        CancellationToken cancellationToken
    )
    {
        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        using var scan = new BlockScan(connection, filter, cache);
        var blocks = BlockScan.Blocks(connection);
        var columns = new OperationColumns(scan.Expected(blocks));
        var buffer = ArrayPool<long>.Shared.Rent(OperationBlock.Size);
        var picked = ArrayPool<long>.Shared.Rent(OperationBlock.Size * 2);
        var byDefault = filter is { Background: false, Skipped: false };
        foreach (var (block, memory) in scan.Read(blocks, cancellationToken))
        {
            var found = memory.Span;
            var first = picked.AsSpan(0, found.Length);
            var second = picked.AsSpan(found.Length, found.Length);
            var rows = columns.Append(found.Length);
            Pick(block, BlockColumn.Number, found, buffer, rows.Numbers);
            Pick(block, BlockColumn.Start, found, buffer, MemoryMarshal.Cast<ulong, long>(rows.Starts));
            Pick(block, BlockColumn.Duration, found, buffer, rows.Durations);
            Pick(block, BlockColumn.Outcome, found, buffer, first);
            for (var i = 0; i < first.Length; i++)
            {
                rows.Outcomes[i] = (byte)first[i];
            }

            columns.FirstResults.Add(Pick(block, BlockColumn.FirstResult, found, buffer, first));
            columns.Discoveries.Add(Pick(block, BlockColumn.Discovery, found, buffer, first));
            columns.Hops.Add(Pick(block, BlockColumn.Hops, found, buffer, first));
            columns.Queried.Add(Pick(block, BlockColumn.Queried, found, buffer, first));
            columns.Duplicates.Add(Pick(block, BlockColumn.Duplicates, found, buffer, first));
            Pick(block, BlockColumn.Dialed, found, buffer, second);
            columns.DialFailed.Add(Pick(block, BlockColumn.DialFailed, found, buffer, first), second);
            columns.Reused.Add(Pick(block, BlockColumn.Reused, found, buffer, first), second);
            foreach (var (error, count) in CountBy(block, BlockColumn.ErrorClass, found, buffer))
            {
                columns.Errors.Add(texts.Get(error), count, count);
            }

            // What a block adds up to by default is stored with it, but holds only if all of those operations passed the filter.
            var isWhole = byDefault && found.Length == block.CountByDefault();
            Sum(block, BlockColumn.PeerErrors, found, isWhole, texts, columns.PeerErrors);
            Sum(block, BlockColumn.Agents, found, isWhole, texts, columns.Agents);
            SumPhases(block, found, isWhole, buffer, columns.Phases);
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
        ArrayPool<long>.Shared.Return(picked);
        return columns;
    }

    /// <summary>Counts the operations that pass a filter, up to a limit.</summary>
    public static long Count(
        SqliteConnection connection,
        QueryFilter filter,
        long limit,
        BlockCache cache,
        CancellationToken cancellationToken
    )
    {
        using var scan = new BlockScan(connection, filter, cache);
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
    public static OperationFacets Facets(
        SqliteConnection connection,
        QueryFilter filter,
        BlockCache cache,
        CancellationToken cancellationToken
    )
    {
        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        using var peers = new NumberedStrings(connection, "SELECT id FROM peer WHERE no = ?1", PeerTable.Read);
        using var scan = new BlockScan(connection, filter, cache);
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
            Sum(block, BlockColumn.Agents, found, byDefault && found.Length == block.CountByDefault(), texts, agents);

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

    private static Dictionary<long, int> CountBy(OperationBlock block, BlockColumn column, ReadOnlySpan<int> rows, long[] buffer)
    {
        block.Read(column, buffer);
        var counts = new Dictionary<long, int>();
        foreach (var row in rows)
        {
            if (buffer[row] != ColumnCodec.Unknown)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(counts, buffer[row], out _)++;
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
        var names = TallyColumn.ReadNames(block.Bytes(column == BlockColumn.Agents ? BlockColumn.AgentSums : BlockColumn.PeerErrorSums));
        var counts = new (long Count, int Operations)[names.Length];
        if (isWhole)
        {
            counts = Array.ConvertAll(names, static name => (name.Count, name.Operations));
        }
        else
        {
            TallyColumn.Sum(block.Bytes(column), rows, counts);
        }

        for (var i = 0; i < names.Length; i++)
        {
            if (counts[i].Operations > 0)
            {
                sums.Add(texts.Get(names[i].Text), counts[i].Count, counts[i].Operations);
            }
        }
    }

    private static void SumPhases(OperationBlock block, ReadOnlySpan<int> rows, bool isWhole, long[] buffer, NamedSums sums)
    {
        if (isWhole)
        {
            var stored = buffer.AsSpan(0, 3 * OperationBlock.Phases);
            ColumnCodec.Decode(block.Bytes(BlockColumn.PhaseSums), stored);
            for (var i = 0; i < OperationBlock.Phases; i++)
            {
                Add(i, stored[3 * i], BitConverter.Int64BitsToDouble(stored[(3 * i) + 1]), (int)stored[(3 * i) + 2]);
            }

            return;
        }

        for (var i = 0; i < OperationBlock.Phases; i++)
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

            Add(i, sum, squares, known);
        }

        void Add(int phase, long sum, double squares, int known)
        {
            if (known > 0)
            {
                sums.Add(PhaseSums.Names[phase], sum, squares);
                sums.Operations += phase == 0 ? known : 0;
            }
        }
    }

    // The values of some operations of a block. All of them are unpacked where they are wanted, without a copy.
    private static Span<long> Pick(OperationBlock block, BlockColumn column, ReadOnlySpan<int> rows, long[] buffer, Span<long> values)
    {
        if (rows.Length == block.Count)
        {
            block.Read(column, values);
            return values;
        }

        block.Read(column, buffer);
        for (var i = 0; i < rows.Length; i++)
        {
            values[i] = buffer[rows[i]];
        }

        return values;
    }
}
