using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Sqlite;

namespace DhtTracer.Storage.Sqlite;

/// <summary>Keeps which operations dialed or asked a peer.</summary>
/// <remarks>
/// A row per peer and operation, sorted by peer, lies on another page than the row before: written at once, each would cost a page of the
/// write-ahead log. So rows wait in a small table in the order of the operations, and move in bulk, sorted, many to a page.
/// </remarks>
internal static class PeerIndex
{
    /// <summary>Rows that may wait; a search looks through all of them.</summary>
    public const int MaxRecent = 200_000;

    /// <summary>Adds an operation under every peer that it met.</summary>
    public static void Add(WriteSession session, long operation, long start, HashSet<long> peers)
    {
        foreach (var peer in peers)
        {
            session["INSERT INTO peer_operation_recent (operation, peer, start_ns) VALUES (?1, ?2, ?3)"]
                .Bind(1, operation)
                .Bind(2, peer)
                .Bind(3, start)
                .Run();
        }
    }

    /// <summary>Takes an operation out again.</summary>
    public static void Remove(WriteSession session, long operation, long start, HashSet<long> peers)
    {
        session["DELETE FROM peer_operation_recent WHERE operation = ?1"].Bind(1, operation).Run();
        foreach (var peer in peers)
        {
            session["DELETE FROM peer_operation WHERE peer = ?1 AND start_ns = ?2 AND operation = ?3"]
                .Bind(1, peer)
                .Bind(2, start)
                .Bind(3, operation)
                .Run();
        }
    }

    /// <summary>Moves the waiting rows when there are many.</summary>
    public static void MoveWhenMany(WriteSession session, long maxRecent)
    {
        // The count is read from the first column of a table that is never longer than this.
        if (session["SELECT count(*) FROM peer_operation_recent"].RunScalar() > maxRecent)
        {
            session[
                "INSERT OR IGNORE INTO peer_operation SELECT peer, start_ns, operation FROM peer_operation_recent ORDER BY peer, "
                    + "start_ns, operation"
            ]
                .Run();
            session["DELETE FROM peer_operation_recent"].Run();
        }
    }

    /// <summary>Numbers of the peers of a packed list that were dialed or asked.</summary>
    public static List<long> Contacted(ReadOnlySpan<byte> packedPeers)
    {
        var peers = new List<PackedPeer>();
        PackedPeers.Read(packedPeers, peers);
        return [.. peers.Where(peer => peer.Contacted).Select(peer => peer.Peer)];
    }
}
