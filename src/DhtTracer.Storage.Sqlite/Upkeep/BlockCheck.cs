using Dapper;
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

        var (first, last) = OperationBlock.ColumnNumbers(number);
        var stored = connection
            .Query<(long Number, byte[] Data)>(
                "SELECT no, data FROM operation_block_column WHERE no BETWEEN @first AND @last",
                new { first, last }
            )
            .ToDictionary(static column => column.Number, static column => column.Data);
        var built = BlockPacker.Build(connection, number).Operations.Built;
        return stored.Count != built.Count
            || built.Any(column =>
                !stored.TryGetValue(OperationBlock.ColumnNumber(number, column.Key), out var data)
                || !data.AsSpan().SequenceEqual(column.Value)
            );
    }
}
