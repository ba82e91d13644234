using System.Collections.Immutable;
using DhtTracer.Libp2p.Multiformats;

namespace DhtTracer.Analysis.Explain;

/// <summary>How near the peers of a query are to its key.</summary>
internal sealed class KeyDistances
{
    private readonly Query query;
    private readonly KadId? target;
    private readonly KadId?[] ids;
    private readonly int?[] bitLengths;
    private readonly int[] ranks;

    private KeyDistances(Query query)
    {
        this.query = query;
        target = ParseHex(query.Key?.KadId);
        ids = [.. query.Peers.Select(static peer => PeerId.TryParse(peer.Id, out var id) ? KadId.Of(id) : (KadId?)null)];
        bitLengths = [.. ids.Select((id, peer) => target is { } t && id is { } known ? t.XorBitLength(known) : query.Peers[peer].Xor)];
        ranks = new int[ids.Length];
        var order = Enumerable.Range(0, ids.Length).ToArray();
        Array.Sort(order, Compare);
        for (var rank = 0; rank < order.Length; rank++)
        {
            ranks[order[rank]] = rank > 0 && SameDistance(order[rank - 1], order[rank]) ? ranks[order[rank - 1]] : rank;
        }

        Nearest = [.. order.Where(Known)];
    }

    /// <summary>Indices of the peers whose distance is known, nearest first; of the same distance, the one heard first.</summary>
    public ImmutableArray<int> Nearest { get; }

    /// <summary>Every peer's distance is known exactly, not only as a bit length.</summary>
    public bool Exact => target is not null && Array.TrueForAll(ids, static id => id is not null);

    /// <summary>The key's place among all ids, 0 to 1; null when unknown.</summary>
    public double? TargetAngle => target is { } id ? Angle(id) : null;

    /// <summary>Distances of a query's peers.</summary>
    public static KeyDistances Of(Query query) => new(query);

    /// <summary>0 for the nearest peer; the same for peers at the same distance. Meaningless when <see cref="Known"/> is false.</summary>
    public int Rank(int peer) => ranks[peer];

    /// <summary>The distance of this peer is known, exactly or as a bit length.</summary>
    public bool Known(int peer) => (target is not null && ids[peer] is not null) || query.Peers[peer].Xor is not null;

    /// <summary>The peer's place among all ids, 0 to 1; null when its id cannot be read.</summary>
    public double? Angle(int peer) => ids[peer] is { } id ? Angle(id) : null;

    private static double Angle(KadId id)
    {
        var bytes = id.ToBytes();
        var value = 0.0;
        for (var i = 7; i >= 0; i--)
        {
            value = (value + bytes[i]) / 256;
        }

        return value;
    }

    private static KadId? ParseHex(string? hex)
    {
        if (hex is not { Length: 64 })
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[32];
        return Convert.FromHexString(hex, bytes, out _, out _) == System.Buffers.OperationStatus.Done ? KadId.FromBytes(bytes) : null;
    }

    private bool SameDistance(int x, int y) =>
        target is { } t && ids[x] is { } idX && ids[y] is { } idY ? t.CompareDistance(idX, idY) == 0 : query.Peers[x].Xor == query.Peers[y].Xor;

    // By bit length first, so that peers whose exact distance is unknown fall between the others without contradiction.
    private int Compare(int x, int y)
    {
        var order = (bitLengths[x] ?? int.MaxValue).CompareTo(bitLengths[y] ?? int.MaxValue);
        if (order == 0 && target is { } t)
        {
            order = (ids[x], ids[y]) switch
            {
                ({ } idX, { } idY) => t.CompareDistance(idX, idY),
                ({ }, null) => -1,
                (null, { }) => 1,
                _ => 0,
            };
        }

        return order == 0 ? x.CompareTo(y) : order;
    }
}
