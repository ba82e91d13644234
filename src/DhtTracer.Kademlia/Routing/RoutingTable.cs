using DhtTracer.Kademlia.Messages;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Routing;

/// <summary>Result of offering a peer to the routing table.</summary>
public enum RoutingTableChange
{
    /// <summary>Not added: the peer is the node itself.</summary>
    None = 0,

    /// <summary>The peer is new.</summary>
    Added = 1,

    /// <summary>The peer was already there, and is now the most recently seen of its bucket.</summary>
    Refreshed = 2,

    /// <summary>The bucket is full. The peer may replace the least recently seen peer if that one is not alive any more.</summary>
    BucketFull = 3,
}

/// <summary>
/// The peers that a node knows: at most k for each common prefix length with the node's own Kademlia id
/// (https://github.com/libp2p/specs/blob/master/kad-dht/README.md#kademlia-routing-table). Thread-safe.
/// </summary>
public sealed class RoutingTable
{
    private readonly Lock _lock = new();
    private readonly List<Entry>?[] _buckets = new List<Entry>?[KadId.Bits];
    private readonly KadId _self;
    private readonly PeerId _selfPeer;
    private int _count;

    /// <summary>Creates an empty table.</summary>
    /// <param name="self">The node that owns the table.</param>
    /// <param name="bucketSize">k: maximum number of peers in a bucket.</param>
    public RoutingTable(PeerId self, int bucketSize = 20)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bucketSize, 1);
        _selfPeer = self;
        _self = KadId.Of(self);
        BucketSize = bucketSize;
    }

    /// <summary>k: maximum number of peers in a bucket.</summary>
    public int BucketSize { get; }

    /// <summary>Number of peers.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>Offers a peer that has just shown that it is alive and serves the DHT.</summary>
    /// <param name="peer">The peer. Its addresses replace the known ones unless empty.</param>
    /// <param name="seenAt">When it was seen.</param>
    public RoutingTableChange Add(KadPeer peer, DateTimeOffset seenAt)
    {
        if (peer.Id == _selfPeer)
        {
            return RoutingTableChange.None;
        }

        var id = KadId.Of(peer.Id);
        var index = _self.CommonPrefixLength(id);
        lock (_lock)
        {
            var bucket = _buckets[index] ??= [];
            var position = bucket.FindIndex(entry => entry.Peer.Id == peer.Id);
            if (position >= 0)
            {
                var known = bucket[position];
                bucket.RemoveAt(position);
                bucket.Add(new Entry(peer.Addresses.Count > 0 ? peer : peer with { Addresses = known.Peer.Addresses }, id, seenAt));
                return RoutingTableChange.Refreshed;
            }

            if (bucket.Count >= BucketSize)
            {
                return RoutingTableChange.BucketFull;
            }

            bucket.Add(new Entry(peer, id, seenAt));
            _count++;
            return RoutingTableChange.Added;
        }
    }

    /// <summary>Removes a peer; false if it was not there.</summary>
    public bool Remove(PeerId peer)
    {
        var index = _self.CommonPrefixLength(KadId.Of(peer));
        lock (_lock)
        {
            if (index < KadId.Bits && _buckets[index]?.RemoveAll(entry => entry.Peer.Id == peer) > 0)
            {
                _count--;
                return true;
            }

            return false;
        }
    }

    /// <summary>Whether the peer is in the table.</summary>
    public bool Contains(PeerId peer) => Find(peer) is not null;

    /// <summary>The entry of a peer, or null.</summary>
    public KadPeer? Find(PeerId peer)
    {
        var index = _self.CommonPrefixLength(KadId.Of(peer));
        lock (_lock)
        {
            return index == KadId.Bits ? null : _buckets[index]?.Find(entry => entry.Peer.Id == peer)?.Peer;
        }
    }

    /// <summary>The least recently seen peer in a peer's bucket, and when it was seen; null if the bucket is empty.</summary>
    public (KadPeer Peer, DateTimeOffset SeenAt)? LeastRecentlySeenBeside(PeerId peer)
    {
        var index = _self.CommonPrefixLength(KadId.Of(peer));
        lock (_lock)
        {
            return index < KadId.Bits && _buckets[index] is [var first, ..] ? (first.Peer, first.SeenAt) : null;
        }
    }

    /// <summary>The peers closest to a target, closest first; <paramref name="count"/> at most.</summary>
    public IReadOnlyList<KadPeer> Closest(KadId target, int count)
    {
        var candidates = new List<Entry>();
        lock (_lock)
        {
            // The closest peers are in the bucket of the target's common prefix length with this node. If it has too few, the deeper
            // buckets are next, and only then the shallower ones.
            var common = Math.Min(_self.CommonPrefixLength(target), KadId.Bits - 1);
            Take(_buckets[common]);
            if (candidates.Count < count)
            {
                for (var i = common + 1; i < KadId.Bits; i++)
                {
                    Take(_buckets[i]);
                }
            }

            for (var i = common - 1; i >= 0 && candidates.Count < count; i--)
            {
                Take(_buckets[i]);
            }
        }

        candidates.Sort((x, y) => target.CompareDistance(x.Id, y.Id));
        return [.. candidates.Take(count).Select(entry => entry.Peer)];

        void Take(List<Entry>? bucket)
        {
            if (bucket is not null)
            {
                candidates.AddRange(bucket);
            }
        }
    }

    /// <summary>Number of peers in each bucket, up to the last non-empty one. The index is the common prefix length.</summary>
    public IReadOnlyList<int> BucketSizes()
    {
        lock (_lock)
        {
            var last = Array.FindLastIndex(_buckets, bucket => bucket is { Count: > 0 });
            return [.. _buckets.Take(last + 1).Select(bucket => bucket?.Count ?? 0)];
        }
    }

    /// <summary>All peers, by bucket.</summary>
    public IReadOnlyList<KadPeer> Peers()
    {
        lock (_lock)
        {
            return [.. _buckets.Where(bucket => bucket is not null).SelectMany(bucket => bucket!).Select(entry => entry.Peer)];
        }
    }

    // In a bucket, the least recently seen peer comes first.
    private sealed record Entry(KadPeer Peer, KadId Id, DateTimeOffset SeenAt);
}
