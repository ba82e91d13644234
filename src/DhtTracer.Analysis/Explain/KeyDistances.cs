using System.Collections.Immutable;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Explain;

/// <summary>How near the peers of a query are to its key.</summary>
internal sealed class KeyDistances
{
    private readonly Query _query;
    private readonly KadId? _target;
    private readonly KadId?[] _ids;
    private readonly int?[] _bitLengths;
    private readonly int[] _ranks;

    private KeyDistances(Query query)
    {
        _query = query;
        _target = ParseHex(query.Key?.KadId);
        _ids = [.. query.Peers.Select(static peer => PeerText.KadId(peer.Id))];
        _bitLengths = [.. _ids.Select((id, peer) => _target is { } t && id is { } known ? t.XorBitLength(known) : query.Peers[peer].Xor)];
        _ranks = new int[_ids.Length];
        var order = Enumerable.Range(0, _ids.Length).ToArray();
        Array.Sort(order, Compare);
        for (var rank = 0; rank < order.Length; rank++)
        {
            _ranks[order[rank]] = rank > 0 && SameDistance(order[rank - 1], order[rank]) ? _ranks[order[rank - 1]] : rank;
        }

        Nearest = [.. order.Where(Known)];
    }

    /// <summary>Indices of the peers with a known distance, nearest first; at equal distance, the peer heard first comes first.</summary>
    public ImmutableArray<int> Nearest { get; }

    /// <summary>True when every peer's exact distance is known, not only its bit length.</summary>
    public bool Exact => _target is not null && Array.TrueForAll(_ids, static id => id is not null);

    /// <summary>The key's position on the ring of ids, 0 to 1; null when unknown.</summary>
    public double? TargetAngle => _target is { } id ? Angle(id) : null;

    /// <summary>Distances of a query's peers.</summary>
    public static KeyDistances Of(Query query) => new(query);

    /// <summary>
    /// 0 for the nearest peer; peers at the same distance have the same rank. Meaningless when <see cref="Known"/> is false.
    /// </summary>
    public int Rank(int peer) => _ranks[peer];

    /// <summary>True when this peer's distance is known, exactly or as a bit length.</summary>
    public bool Known(int peer) => (_target is not null && _ids[peer] is not null) || _query.Peers[peer].Xor is not null;

    /// <summary>The peer's position on the ring of ids, 0 to 1; null when its id cannot be read.</summary>
    public double? Angle(int peer) => _ids[peer] is { } id ? Angle(id) : null;

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
        _target is { } t && _ids[x] is { } idX && _ids[y] is { } idY
            ? t.CompareDistance(idX, idY) == 0
            : _query.Peers[x].Xor == _query.Peers[y].Xor;

    // Bit lengths come first, so peers without an exact distance sort consistently among the others.
    private int Compare(int x, int y)
    {
        var order = (_bitLengths[x] ?? int.MaxValue).CompareTo(_bitLengths[y] ?? int.MaxValue);
        if (order == 0 && _target is { } t)
        {
            order = (_ids[x], _ids[y]) switch
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
