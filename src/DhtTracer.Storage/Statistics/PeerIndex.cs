using DhtTracer.Storage.Sqlite;

namespace DhtTracer.Storage;

/// <summary>Keeps which queries dialed or asked a peer.</summary>
/// <remarks>
/// A row per peer and query, sorted by peer, lies on another page than the row before: written at once, each would cost a page of the
/// write-ahead log. So rows wait in a small table in the order of the queries, and move in bulk, sorted, many to a page.
/// </remarks>
internal static class PeerIndex
{
    /// <summary>Rows that may wait; a search looks through all of them.</summary>
    public const int MaxRecent = 200_000;

    public static void Add(WriteSession session, long query, long start, ReadOnlySpan<byte> packedPeers)
    {
        foreach (var peer in Contacted(packedPeers))
        {
            session["INSERT INTO peer_query_recent VALUES (?1, ?2, ?3)"].Bind(1, query).Bind(2, peer).Bind(3, start).Run();
        }
    }

    public static void Remove(WriteSession session, long query, long start, ReadOnlySpan<byte> packedPeers)
    {
        session["DELETE FROM peer_query_recent WHERE query = ?1"].Bind(1, query).Run();
        foreach (var peer in Contacted(packedPeers))
        {
            session["DELETE FROM peer_query WHERE peer = ?1 AND start_ns = ?2 AND query = ?3"].Bind(1, peer).Bind(2, start).Bind(3, query).Run();
        }
    }

    /// <summary>Moves the waiting rows when there are many.</summary>
    public static void MoveWhenMany(WriteSession session, long maxRecent)
    {
        // The count is read from the first column of a table that is never longer than this.
        if (session["SELECT count(*) FROM peer_query_recent"].RunScalar() > maxRecent)
        {
            session["INSERT OR IGNORE INTO peer_query SELECT peer, start_ns, query FROM peer_query_recent ORDER BY peer, start_ns, query"].Run();
            session["DELETE FROM peer_query_recent"].Run();
        }
    }

    private static List<long> Contacted(ReadOnlySpan<byte> packedPeers)
    {
        var peers = new List<PackedPeer>();
        PackedPeers.Read(packedPeers, peers);
        return [.. peers.Where(peer => peer.Contacted).Select(peer => peer.Peer)];
    }
}
