using DhtTracer.Multiformats;

namespace DhtTracer.Analysis;

/// <summary>
/// Who named whom, in a stream of query events. A peer that was dialed or asked before any answer named it is from the routing table. For
/// one that an answer named first the answer is the referrer only when it is certain that the routing table did not hold it too: a lookup
/// begins with the nearest peers of its routing table and asks <see cref="Alpha"/> of them at once, so a peer that is nearer than all of
/// these is none of the rest. Measured: all 1,471 that it knows are right, 654 stay unknown (docs/dialects/kubo-events.md).
/// </summary>
/// <param name="lookup">The peers and answers of a stream.</param>
/// <param name="target">The key; null when unknown, and then no distance is.</param>
internal sealed class KuboEventsHearing(LookupBuilder lookup, KadId? target)
{
    /// <summary>Requests that each of a Kubo's lookups has in flight at most.</summary>
    private const int Alpha = 10;

    /// <summary>The WAN and the LAN lookup.</summary>
    private const int Sides = 2;

    private readonly Dictionary<PeerDraft, int> _most = [];

    /// <summary>Least hops of a peer that are certain; peers that are missing have none.</summary>
    public Dictionary<string, int> AtLeast { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether fewer peers were asked than a lookup may have in flight: then the routing tables held no other peer.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Sets heard, referrer and hops of every peer, and how many peers of each answer were new.</summary>
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

                var certain =
                    IsWhole || (nearest is { } bound && PeerText.KadId(named.Id) is { } id && target!.Value.CompareDistance(id, bound) < 0);
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

    /// <summary>The greatest hops of a peer that was sent a request; null when a peer whose hops are unknown may have more.</summary>
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
    /// The peer whose distance no other peer of a routing table undercuts unless it was among the first asked: the tenth nearest of them.
    /// They are those of both lookups together; whichever ten of them one lookup has asked, the farthest is not nearer than this one.
    /// </summary>
    private KadId? TenthNearest()
    {
        // A LAN peer can answer before the WAN lookup has begun, so the first are counted, not timed. More of them make the bound nearer
        // only.
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

        var ids = first.Select(static peer => PeerText.KadId(peer.Id)).OfType<KadId>().ToList();
        ids.Sort(key.CompareDistance);
        return ids.Count >= Alpha ? ids[Alpha - 1] : null;
    }
}
