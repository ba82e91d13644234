using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>Makes the facts of a block from the rows of its queries.</summary>
internal static class FactBlockRows
{
    private const string QueriesSql = """
        SELECT o.no, q.start_ns, o.decisive IS NOT NULL AND o.decisive = q.span_id, p.data
        FROM dht_operation o JOIN query q ON q.operation = o.no JOIN query_peers p ON p.query = q.no
        WHERE o.no BETWEEN ?1 AND ?2 AND q.skipped = 0 ORDER BY o.no, q.no
        """;

    /// <summary>Makes the facts.</summary>
    /// <param name="connection">The connection to read from.</param>
    /// <param name="operations">The operations of the block.</param>
    public static FactBlock Build(SqliteConnection connection, OperationBlock operations)
    {
        var builder = new FactBlockBuilder();
        var numbers = new long[operations.Count];
        operations.Read(BlockColumn.Number, numbers);
        using var queries = new Statement(connection, QueriesSql);
        queries.Bind(1, operations.Number * OperationBlock.Size).Bind(2, ((operations.Number + 1) * OperationBlock.Size) - 1);
        var peers = new List<PackedPeer>();
        while (queries.Step())
        {
            peers.Clear();
            PackedPeers.Read(queries.GetBlob(3), peers);
            builder.Add(Array.BinarySearch(numbers, queries.GetInt64(0)), queries.GetInt64(1), queries.GetInt64(2) != 0, peers);
        }

        return builder.Build();
    }
}
