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
        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        return new PackedBlock(
            OperationBlock.Build(connection, number),
            PeerBlockRows.Build(connection, texts, number, background: false, only: null),
            PeerBlockRows.Build(connection, texts, number, background: true, only: null),
            connection.ExecuteScalar<long>("SELECT revision FROM operation_block WHERE no = @number", new { number })
        );
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
        session["DELETE FROM peer_block_column WHERE no BETWEEN ?1 AND ?2"]
            .Bind(1, PeerBlock.ColumnNumber(block.Number, false, 0))
            .Bind(2, PeerBlock.ColumnNumber(block.Number + 1, false, 0) - 1)
            .Run();
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

        StorePeers(session, block.Number, background: false, packed.Foreground);
        StorePeers(session, block.Number, background: true, packed.Background);
        return true;
    }

    private static void StorePeers(WriteSession session, long number, bool background, PeerBlock peers)
    {
        for (var column = 0; column < PeerBlock.Columns; column++)
        {
            var values = peers[(PeerColumn)column];
            if ((PeerColumn)column == PeerColumn.Address)
            {
                values = Array.ConvertAll(
                    values,
                    address => address < 0 ? session.Texts.Intern(peers.NewTexts[(int)(-address - 1)]) : address
                );
            }

            session["INSERT INTO peer_block_column (no, data) VALUES (?1, ?2)"]
                .Bind(1, PeerBlock.ColumnNumber(number, background, column))
                .Bind(2, PeerBlock.Encode(values))
                .Run();
        }
    }
}

/// <summary>A block, to be stored.</summary>
/// <param name="Operations">The columns of its operations.</param>
/// <param name="Foreground">What those that are not in the background did with each peer.</param>
/// <param name="Background">What the background ones did with each peer.</param>
/// <param name="Revision">The revision of the block that all this shows.</param>
internal sealed record PackedBlock(OperationBlock Operations, PeerBlock Foreground, PeerBlock Background, long Revision);
