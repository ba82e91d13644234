using System.Runtime.InteropServices;
using Dapper;
using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Sqlite.Connections;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>Keeps the stored columns of blocks up to date.</summary>
internal static class BlockPacker
{
    /// <summary>Says that an operation is new, changed or gone.</summary>
    public static void Touch(WriteSession session, long operation) =>
        session["INSERT INTO operation_block (no, revision) VALUES (?1, 1) ON CONFLICT (no) DO UPDATE SET revision = revision + 1"]
            .Bind(1, operation / OperationBlock.Size)
            .Run();

    /// <summary>
    /// The blocks whose columns are out of date, with their revisions. The last one is left out: operations are still being added to it,
    /// and reading its rows takes a bounded time.
    /// </summary>
    public static Dictionary<long, long> Unpacked(SqliteConnection connection) =>
        connection
            .Query<(long Number, long Revision)>(
                """
                SELECT no, revision FROM operation_block
                WHERE (packed IS NULL OR packed <> revision)
                  AND no < (SELECT seq FROM sqlite_sequence WHERE name = 'dht_operation') / @size
                """,
                new { size = OperationBlock.Size }
            )
            .ToDictionary(static block => block.Number, static block => block.Revision);

    /// <summary>Makes the columns of a block from its rows, with the revision that they show.</summary>
    public static PackedBlock Build(SqliteConnection connection, long number)
    {
        var operations = OperationBlock.Build(connection, number);
        var facts = FactBlockRows.Build(connection, operations);
        var cancelled =
            connection.ExecuteScalar<long?>("SELECT no FROM text WHERE value = @text", new { text = ErrorClass.Cancelled }) ?? -1;
        return new PackedBlock(
            operations,
            facts,
            Sum(operations, facts, cancelled, background: false),
            Sum(operations, facts, cancelled, background: true),
            connection.ExecuteScalar<long>("SELECT revision FROM operation_block WHERE no = @number", new { number })
        );
    }

    private static PeerSums Sum(OperationBlock operations, FactBlock facts, long cancelled, bool background)
    {
        var (backgrounds, skipped) = (new long[operations.Count], new long[operations.Count]);
        operations.Read(BlockColumn.Background, backgrounds);
        operations.Read(BlockColumn.Skipped, skipped);
        var places = facts[FactColumn.QueryOperation];
        var passes = new bool[places.Count];
        for (var query = 0; query < passes.Length; query++)
        {
            passes[query] = backgrounds[places[query]] != 0 == background && skipped[places[query]] == 0;
        }

        return PeerSums.Of(facts, passes, cancelled);
    }

    /// <summary>Stores the columns of a block.</summary>
    /// <returns>False when the block has changed meanwhile: then nothing is stored.</returns>
    public static bool Store(WriteSession session, PackedBlock packed)
    {
        var (block, revision) = (packed.Operations, packed.Revision);
        var starts = new long[block.Count];
        block.Read(BlockColumn.Start, starts);
        var (first, last) = OperationBlock.ColumnNumbers(block.Number);
        session["DELETE FROM operation_block_column WHERE no BETWEEN ?1 AND ?2"].Bind(1, first).Bind(2, last).Run();
        (first, last) = PeerBlock.ColumnNumbers(block.Number);
        session["DELETE FROM peer_block_column WHERE no BETWEEN ?1 AND ?2"].Bind(1, first).Bind(2, last).Run();
        (first, last) = FactBlock.ColumnNumbers(block.Number);
        session["DELETE FROM peer_fact_column WHERE no BETWEEN ?1 AND ?2"].Bind(1, first).Bind(2, last).Run();
        var isCurrent =
            session[
                """
                UPDATE operation_block SET packed = revision, operations = ?3, first_ns = ?4, last_ns = ?5 WHERE no = ?1 AND revision = ?2
                RETURNING 1
                """
            ]
                .Bind(1, block.Number)
                .Bind(2, revision)
                .Bind(3, block.Count)
                .Bind(4, block.Count == 0 ? null : starts.Min())
                .Bind(5, block.Count == 0 ? null : starts.Max())
                .RunScalar()
            is not null;
        if (!isCurrent)
        {
            session["UPDATE operation_block SET packed = NULL WHERE no = ?1"].Bind(1, block.Number).Run();
            return false;
        }

        foreach (var (column, data) in block.Built)
        {
            session["INSERT INTO operation_block_column (no, data) VALUES (?1, ?2)"]
                .Bind(1, OperationBlock.ColumnNumber(block.Number, column))
                .Bind(2, data)
                .Run();
        }

        foreach (var (number, data) in packed.Peers())
        {
            session["INSERT INTO peer_block_column (no, data) VALUES (?1, ?2)"].Bind(1, number).Bind(2, data).Run();
        }

        foreach (var column in FactBlock.Columns)
        {
            session["INSERT INTO peer_fact_column (no, data) VALUES (?1, ?2)"]
                .Bind(1, FactBlock.ColumnNumber(block.Number, column))
                .Bind(2, packed.Facts.Bytes(column))
                .Run();
        }

        return true;
    }
}

/// <summary>A block, to be stored.</summary>
/// <param name="Operations">The columns of its operations.</param>
/// <param name="Facts">What its queries did with each peer.</param>
/// <param name="Foreground">The sums of those that are not in the background.</param>
/// <param name="Background">The sums of those in the background.</param>
/// <param name="Revision">The revision of the block that all this shows.</param>
internal sealed record PackedBlock(OperationBlock Operations, FactBlock Facts, PeerSums Foreground, PeerSums Background, long Revision)
{
    /// <summary>The columns of the sums by peer, with their numbers.</summary>
    public IEnumerable<(long Number, byte[] Data)> Peers()
    {
        foreach (var (sums, background) in new[] { (Foreground, false), (Background, true) })
        {
            foreach (var column in PeerBlock.Stored)
            {
                yield return (
                    PeerBlock.ColumnNumber(Operations.Number, background, column),
                    ColumnView.Encode(CollectionsMarshal.AsSpan(sums[column]))
                );
            }
        }
    }
}
