using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Explain;

/// <summary>
/// Tells whether an answer named a new peer nearer to the key than all peers known by then. Setup is linear in the query's peers.
/// </summary>
internal sealed class Nearness
{
    private readonly Query _query;
    private readonly KeyDistances _distances;
    private readonly Dictionary<string, List<int>> _namedBy = new(StringComparer.Ordinal);
    private readonly Dictionary<int, List<int>> _byRank = [];
    private readonly long[] _heard;
    private readonly int[] _nearestHeard;

    /// <summary>Prepares a query. All distances must be known.</summary>
    public Nearness(Query query, KeyDistances distances)
    {
        _query = query;
        _distances = distances;
        var order = new List<int>(query.Peers.Length);
        for (var i = 0; i < query.Peers.Length; i++)
        {
            if (query.Peers[i].HeardNs is not null)
            {
                order.Add(i);
            }

            if (query.Peers[i].Referrer is { } referrer)
            {
                Add(_namedBy, referrer, i);
            }

            Add(_byRank, distances.Rank(i), i);
        }

        order.Sort(
            (left, right) => query.Peers[left].HeardNs.GetValueOrDefault().CompareTo(query.Peers[right].HeardNs.GetValueOrDefault())
        );
        _heard = [.. order.Select(peer => query.Peers[peer].HeardNs.GetValueOrDefault())];
        _nearestHeard = new int[order.Count];
        var nearest = int.MaxValue;
        for (var i = 0; i < _nearestHeard.Length; i++)
        {
            nearest = Math.Min(nearest, distances.Rank(order[i]));
            _nearestHeard[i] = nearest;
        }
    }

    /// <summary>Whether an answer named such a peer. The answer must have a duration.</summary>
    /// <param name="namer">The peer that answered.</param>
    /// <param name="request">The request that it answered.</param>
    public bool NamedNearer(string namer, PeerRequest request)
    {
        var end = (request.EndNs ?? request.StartNs).GetValueOrDefault();
        var nearestNamed = int.MaxValue;
        var named = new HashSet<int>();
        foreach (var peer in _namedBy.GetValueOrDefault(namer) ?? [])
        {
            if (IsNamedIn(request, _query.Peers[peer], end))
            {
                named.Add(peer);
                nearestNamed = Math.Min(nearestNamed, _distances.Rank(peer));
            }
        }

        // The nearest of all peers heard of by then, including those named by this answer.
        var nearestKnown = Nearest(end);
        return nearestNamed != int.MaxValue
            && (
                nearestNamed < nearestKnown
                || (
                    nearestNamed == nearestKnown
                    && _byRank[nearestKnown].TrueForAll(peer => named.Contains(peer) || !(_query.Peers[peer].HeardNs <= end))
                )
            );
    }

    private static bool IsNamedIn(PeerRequest request, QueryPeer peer, long end) =>
        request.Named.IsDefault
            ? peer.HeardNs > request.StartNs && peer.HeardNs <= end
            : request.Named.Contains(peer.Id, StringComparer.Ordinal);

    private static void Add<T>(Dictionary<T, List<int>> lists, T key, int peer)
        where T : notnull
    {
        if (!lists.TryGetValue(key, out var list))
        {
            lists[key] = list = [];
        }

        list.Add(peer);
    }

    // Rank of the nearest peer heard of up to the given time.
    private int Nearest(long until)
    {
        var low = 0;
        var high = _heard.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_heard[middle] <= until)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? int.MaxValue : _nearestHeard[low - 1];
    }
}
