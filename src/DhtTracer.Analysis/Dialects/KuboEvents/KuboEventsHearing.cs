using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Dialects.KuboEvents;

/// <summary>
/// Which peer named which in a stream of query events. A peer that was dialed or asked before any answer named it is from the routing
/// table. If an answer named the peer first, that answer is the referrer only if the routing table certainly did not hold the peer. A
/// lookup begins with the nearest peers of its routing table and asks <see cref="Alpha"/> of them at once. So a peer that is nearer than
/// all of these is not among the others in the table. Measured: all 1,471 referrers found are right, 654 stay unknown
/// (docs/dialects/kubo-events.md).
/// </summary>
/// <param name="lookup">The peers and answers of a stream.</param>
/// <param name="target">The key; null when unknown, and then no distance is known.</param>
internal sealed class KuboEventsHearing(LookupBuilder lookup, KadId? target)
{
    /// <summary>Most requests in flight in one lookup of Kubo.</summary>
    private const int Alpha = 10;

    /// <summary>Number of lookups in a command: WAN and LAN.</summary>
    private const int Sides = 2;

    private readonly Dictionary<PeerDraft, int> _most = [];

    /// <summary>Certain lower bounds of hops by peer id; a peer without an entry has none.</summary>
    public Dictionary<string, int> AtLeast { get; } = new(StringComparer.Ordinal);

    /// <summary>True when fewer peers were asked than a lookup may have in flight. Then the routing tables held no other peer.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Sets when and from whom each peer was heard of, its hops, and the number of new peers in each answer.</summary>
    public void Hear()
    {
        var nearest = TenthNearest();
        foreach (var request in lookup.AnswersInOrder())
        {
            SeedUnlessHeard(request.Peer);
            var fresh = 0;
            var doubtful = false;
            var position = 0;
            foreach (var named in request.Closer!)
            {
                position++;
                if (named.IsHeard)
                {
                    continue;
                }

                if (named.FirstSentNs < request.AnswerNs)
                {
                    SeedUnlessHeard(named);
                    continue;
                }

                var certain = IsWhole || (nearest is { } bound && named.KadId is { } id && target!.Value.CompareDistance(id, bound) < 0);
                fresh += certain ? 1 : 0;
                doubtful |= !certain;
                Name(named, request, position, certain);
            }

            request.Returned = request.Closer!.Count;
            request.New = doubtful ? null : fresh;
        }

        foreach (var peer in lookup.Peers)
        {
            if (peer.FirstSentNs is not null)
            {
                SeedUnlessHeard(peer);
            }
        }
    }

    /// <summary>The greatest hop count of a peer that was sent a request; null when a peer with unknown hops may have more.</summary>
    public int? Greatest()
    {
        var asked = lookup.Peers.Where(static peer => peer.Requests.Count > 0).ToList();
        var known = asked.Max(static peer => peer.Hops);
        return known is not null && asked.TrueForAll(peer => peer.Hops is not null || _most[peer] <= known) ? known : null;
    }

    private void SeedUnlessHeard(PeerDraft peer)
    {
        if (peer.IsHeard)
        {
            return;
        }

        peer.IsHeard = true;
        peer.HeardNs = 0;
        peer.Hops = 0;
        _most[peer] = 0;
        AtLeast[peer.Id] = 0;
    }

    private void Name(PeerDraft named, RequestDraft request, int position, bool certain)
    {
        named.IsHeard = true;
        named.HeardPosition = position;
        _most[named] = _most[request.Peer] + 1;
        AtLeast[named.Id] = certain ? AtLeast[request.Peer.Id] + 1 : 0;
        if (certain)
        {
            named.HeardNs = request.AnswerNs;
            named.Referrer = request.Peer.Id;
            named.Hops = request.Peer.Hops + 1;
        }
    }

    /// <summary>
    /// The tenth nearest of the peers asked first. A peer nearer than this one is in a routing table only if it was among the first asked.
    /// The first peers belong to both lookups together. Whichever ten of them one lookup has asked, the farthest of the ten is not nearer
    /// than this peer.
    /// </summary>
    private KadId? TenthNearest()
    {
        // A LAN peer can answer before the WAN lookup has begun. So the first peers are found by counting, not by time. Too many of them
        // can only make the bound nearer.
        var first = lookup
            .Peers.Where(static peer => peer.FirstSentNs is not null)
            .OrderBy(static peer => peer.FirstSentNs)
            .Take(Alpha * Sides)
            .ToList();
        IsWhole = first.Count < Alpha;
        if (IsWhole || target is not { } key)
        {
            return null;
        }

        var ids = first.Select(static peer => peer.KadId).OfType<KadId>().ToList();
        ids.Sort(key.CompareDistance);
        return ids.Count >= Alpha ? ids[Alpha - 1] : null;
    }
}
