using System.Buffers;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;

namespace DhtTracer.Storage.Sqlite.Packed;

/// <summary>Indexes the operations that dialed or asked a peer.</summary>
/// <remarks>
/// The index is sorted by peer, so the rows of one operation lie on different pages. Written at once, each row would cost a page of the
/// write-ahead log. So the peers of an operation wait together in one row, and move in bulk and sorted, many to a page.
/// </remarks>
internal static class PeerIndex
{
    /// <summary>Maximum size of the waiting lists in bytes: about 1.5 for each peer of an operation. A search reads all of them.</summary>
    public const int MaxRecentBytes = 300_000;

    /// <summary>Adds an operation for every peer that it met.</summary>
    public static void Add(WriteSession session, long operation, long start, HashSet<long> peers)
    {
        if (peers.Count == 0)
        {
            return;
        }

        session["INSERT INTO peer_operation_recent (operation, start_ns, peers) VALUES (?1, ?2, ?3)"]
            .Bind(1, operation)
            .Bind(2, start)
            .Bind(3, Pack(peers))
            .Run();
    }

    /// <summary>Removes an operation.</summary>
    public static void Remove(WriteSession session, long operation, long start, HashSet<long> peers)
    {
        if (session["DELETE FROM peer_operation_recent WHERE operation = ?1 RETURNING 1"].Bind(1, operation).RunScalar() is not null)
        {
            // Its peers move together.
            return;
        }

        foreach (var peer in peers)
        {
            session["DELETE FROM peer_operation WHERE peer = ?1 AND start_ns = ?2 AND operation = ?3"]
                .Bind(1, peer)
                .Bind(2, start)
                .Bind(3, operation)
                .Run();
        }
    }

    /// <summary>Moves the waiting lists if they have more bytes than <paramref name="most"/>.</summary>
    public static void MoveWhenMany(WriteSession session, long most)
    {
        // The sum is cheap: the table is never much larger than this.
        if (!(session["SELECT sum(length(peers)) FROM peer_operation_recent"].RunScalar() > most))
        {
            return;
        }

        var rows = new List<(long Peer, long Start, long Operation)>();
        var select = session["SELECT operation, start_ns, peers FROM peer_operation_recent"];
        while (select.Step())
        {
            var peer = 0L;
            for (var rest = select.GetBlob(2); !rest.IsEmpty; )
            {
                peer += (long)Varint.Read(ref rest);
                rows.Add((peer, select.GetInt64(1), select.GetInt64(0)));
            }
        }

        select.Reset();
        rows.Sort();
        foreach (var (peer, start, operation) in rows)
        {
            session["INSERT OR IGNORE INTO peer_operation (peer, start_ns, operation) VALUES (?1, ?2, ?3)"]
                .Bind(1, peer)
                .Bind(2, start)
                .Bind(3, operation)
                .Run();
        }

        session["DELETE FROM peer_operation_recent"].Run();
    }

    /// <summary>Whether a waiting list contains a peer.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static bool Has(ReadOnlySpan<byte> list, long peer)
    {
        for (var found = 0L; !list.IsEmpty && found < peer; )
        {
            found += (long)Varint.Read(ref list);
            if (found == peer)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Numbers of the peers in a packed list of a query's peers that were dialed or asked.</summary>
    public static List<long> Contacted(ReadOnlySpan<byte> packedPeers)
    {
        var peers = new List<PackedPeer>();
        PackedPeers.Read(packedPeers, peers);
        return [.. peers.Where(peer => peer.Contacted).Select(peer => peer.Peer)];
    }

    private static ReadOnlySpan<byte> Pack(HashSet<long> peers)
    {
        var sorted = new long[peers.Count];
        peers.CopyTo(sorted);
        Array.Sort(sorted);
        var output = new ArrayBufferWriter<byte>((sorted.Length * 2) + 16);
        var last = 0L;
        foreach (var peer in sorted)
        {
            Varint.Write(output, (ulong)(peer - last));
            last = peer;
        }

        return output.WrittenSpan;
    }
}
