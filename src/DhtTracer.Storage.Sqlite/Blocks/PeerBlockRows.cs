using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>The sums of a block's peers, made from rows or as they are stored.</summary>
internal static class PeerBlockRows
{
    private const string QueriesSql = """
        SELECT o.no, q.start_ns, o.decisive IS NOT NULL AND o.decisive = q.span_id, p.data
        FROM dht_operation o JOIN query q ON q.operation = o.no JOIN query_peers p ON p.query = q.no
        WHERE o.no BETWEEN ?1 AND ?2 AND o.background = ?3 AND q.skipped = 0 ORDER BY o.no, q.no
        """;

    /// <summary>The statement that <see cref="Read"/> needs.</summary>
    public static Statement SelectColumn(SqliteConnection connection) =>
        new(connection, "SELECT data FROM peer_block_column WHERE no = ?1");

    /// <summary>Reads stored columns.</summary>
    public static StoredColumn Read(Statement select) =>
        (long number, out ReadOnlySpan<byte> bytes) =>
        {
            select.Reset();
            var found = select.Bind(1, number).Step();
            bytes = found ? select.GetBlob(0) : [];
            return found;
        };

    /// <summary>Sums the operations of a block.</summary>
    /// <param name="connection">The connection to read from.</param>
    /// <param name="texts">The table of texts.</param>
    /// <param name="block">Number of the block.</param>
    /// <param name="background">Those in the background, or the others.</param>
    /// <param name="only">Numbers of operations, ascending; null for all.</param>
    public static PeerBlock Build(SqliteConnection connection, NumberedStrings texts, long block, bool background, long[]? only)
    {
        var builder = new PeerBlockBuilder(texts);
        using var queries = new Statement(connection, QueriesSql);
        queries.Bind(1, block * OperationBlock.Size).Bind(2, ((block + 1) * OperationBlock.Size) - 1).Bind(3, background ? 1L : 0L);
        var peers = new List<PackedPeer>();
        while (queries.Step())
        {
            if (only is null || Array.BinarySearch(only, queries.GetInt64(0)) >= 0)
            {
                peers.Clear();
                PackedPeers.Read(queries.GetBlob(3), peers);
                builder.Add(queries.GetInt64(0), queries.GetInt64(1), queries.GetInt64(2) != 0, peers);
            }
        }

        return builder.Build();
    }
}
