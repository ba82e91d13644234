using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;

namespace DhtTracer.Storage.Sqlite.Packed;

/// <summary>Indexes the operations that dialed or asked a peer.</summary>
/// <remarks>
/// The index is sorted by peer, so the rows of one operation lie on different pages. Written at once, each row would cost a page of the
/// write-ahead log. So rows wait in a small table, in operation order, and move in bulk and sorted, many to a page.
/// </remarks>
internal static class PeerIndex
{
    /// <summary>Maximum number of waiting rows. A search scans all of them.</summary>
    public const int MaxRecent = 200_000;

    /// <summary>Adds an operation for every peer that it met.</summary>
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

    /// <summary>Removes an operation.</summary>
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

    /// <summary>Moves the waiting rows if there are many.</summary>
    public static void MoveWhenMany(WriteSession session, long maxRecent)
    {
        // Counting is cheap: the table is never much longer than this.
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

    /// <summary>Numbers of the peers in a packed list that were dialed or asked.</summary>
    public static List<long> Contacted(ReadOnlySpan<byte> packedPeers)
    {
        var peers = new List<PackedPeer>();
        PackedPeers.Read(packedPeers, peers);
        return [.. peers.Where(peer => peer.Contacted).Select(peer => peer.Peer)];
    }
}
