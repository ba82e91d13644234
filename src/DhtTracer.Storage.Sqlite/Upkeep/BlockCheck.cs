using Dapper;
using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Sqlite.Blocks;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Upkeep;

/// <summary>Compares the columns that statistics read with the rows that they were made from.</summary>
internal static class BlockCheck
{
    /// <summary>Whether a block's columns are not those of its operations. A block that is out of date is left out.</summary>
    public static bool Differs(SqliteConnection connection, long number)
    {
        if (!connection.ExecuteScalar<bool>("SELECT packed = revision FROM operation_block WHERE no = @number", new { number }))
        {
            return false;
        }

        var built = BlockPacker.Build(connection, number);
        return Differs(
                connection,
                "operation_block_column",
                OperationBlock.ColumnNumbers(number),
                built.Operations.Built.Select(column => (OperationBlock.ColumnNumber(number, column.Key), column.Value))
            )
            || Differs(connection, "peer_block_column", PeerBlock.ColumnNumbers(number), built.Peers())
            || Differs(
                connection,
                "peer_fact_column",
                FactBlock.ColumnNumbers(number),
                FactBlock.Columns.Select(column => (FactBlock.ColumnNumber(number, column), built.Facts.Bytes(column).ToArray()))
            );
    }

    private static bool Differs(
        SqliteConnection connection,
        string table,
        (long First, long Last) numbers,
        IEnumerable<(long Number, byte[] Data)> built
    )
    {
        var stored = connection
            .Query<(long Number, byte[] Data)>(
                $"SELECT no, data FROM {table} WHERE no BETWEEN @First AND @Last",
                new { numbers.First, numbers.Last }
            )
            .ToDictionary(static column => column.Number, static column => column.Data);
        var right = 0;
        foreach (var (number, data) in built)
        {
            if (!stored.TryGetValue(number, out var found) || !found.AsSpan().SequenceEqual(data))
            {
                return true;
            }

            right++;
        }

        return right != stored.Count;
    }
}
