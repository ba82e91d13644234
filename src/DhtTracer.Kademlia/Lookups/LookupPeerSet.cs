using DhtTracer.Kademlia.Messages;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Lookups;

/// <summary>
/// The peers of one lookup, ordered by distance to the target, and the decisions that depend only on them: which peer to ask next, and
/// whether the lookup is over. See https://github.com/libp2p/specs/blob/master/kad-dht/README.md#dht-operations.
/// </summary>
internal sealed class LookupPeerSet(KadId target) : IComparer<LookupPeer>
{
    private readonly Dictionary<PeerId, LookupPeer> _byId = [];
    private readonly List<LookupPeer> _byDistance = [];
    private readonly List<LookupPeer> _byIndex = [];

    /// <summary>Peers in the order heard.</summary>
    public IReadOnlyList<LookupPeer> InOrderHeard => _byIndex;

    /// <summary>Peers by distance, the closest first.</summary>
    public IReadOnlyList<LookupPeer> InOrderOfDistance => _byDistance;

    /// <summary>The peer with this id, or null if the lookup has not heard of it.</summary>
    public LookupPeer? Find(PeerId id) => _byId.GetValueOrDefault(id);

    /// <summary>Returns the peer, and adds it if it is new. A known peer without addresses gets these.</summary>
    public LookupPeer Add(KadPeer peer, LookupPeer? referrer, DateTimeOffset heardAt, out bool isNew)
    {
        if (_byId.TryGetValue(peer.Id, out var known))
        {
            if (known.Addresses.Count == 0)
            {
                known.Addresses = peer.Addresses;
            }

            isNew = false;
            return known;
        }

        isNew = true;
        var added = new LookupPeer(_byIndex.Count, peer, referrer, target, heardAt);
        _byId.Add(peer.Id, added);
        _byIndex.Add(added);
        var position = _byDistance.BinarySearch(added, this);
        _byDistance.Insert(position < 0 ? ~position : position, added);
        return added;
    }

    /// <summary>The closest peer that was not asked yet, or null.</summary>
    public LookupPeer? ClosestHeard() => _byDistance.Find(peer => peer.State is PeerState.Heard or PeerState.Queued);

    /// <summary>The closest peers that are not known to be unreachable; <paramref name="count"/> at most.</summary>
    public IEnumerable<LookupPeer> ClosestReachable(int count) => _byDistance.Where(peer => !peer.Unreachable).Take(count);

    /// <summary>Whether the <paramref name="beta"/> closest reachable peers have all answered. False if there are none.</summary>
    public bool HasConverged(int beta)
    {
        var any = false;
        foreach (var peer in ClosestReachable(beta))
        {
            if (peer.State != PeerState.Answered)
            {
                return false;
            }

            any = true;
        }

        return any;
    }

    int IComparer<LookupPeer>.Compare(LookupPeer? x, LookupPeer? y) => target.CompareDistance(x!.KadId, y!.KadId);
}
