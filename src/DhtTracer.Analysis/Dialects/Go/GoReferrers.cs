// Over 300 lines: the rules of one table in docs/dialects/go.md, which build on each other.
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Which peer named which in a lookup, if the spans show it. The peers of the routing table that a lookup begins with are in no span: only
/// those that were asked at once are known. A peer that appears later and is farther from the target than all of those may also be from the
/// routing table, even if an answer names it. The rules, and how often they hold, are in docs/dialects/go.md.
/// </summary>
internal sealed class GoReferrers
{
    /// <summary>The span of an answer that led to a spawn can end this long after the spawn.</summary>
    private const long SpawnToleranceNs = 2_000_000;

    private readonly GoLookup _lookup;
    private readonly GoPeer? _farthest;

    private GoReferrers(GoLookup lookup)
    {
        _lookup = lookup;
        if (lookup.Target is { } target)
        {
            foreach (var peer in lookup.Spawned)
            {
                if (
                    peer is { IsFirstSpawn: true, Id: { } id }
                    && (_farthest is null || target.CompareDistance(id, _farthest.Id!.Value) > 0)
                )
                {
                    _farthest = peer;
                }
            }
        }
    }

    /// <summary>Finds what can be known of a lookup without missing spans.</summary>
    public static void Find(GoLookup lookup)
    {
        var referrers = new GoReferrers(lookup);
        if (lookup.AnswersHidden)
        {
            referrers.FromSlots();
        }
        else
        {
            referrers.FromAnswers();
        }

        referrers.Finish();
    }

    /// <summary>Finds what can be known of a lookup with missing spans: which peers were heard of, but not from whom.</summary>
    public static void FindOfLossy(GoLookup lookup)
    {
        foreach (var answer in Answers(lookup))
        {
            Note(lookup, answer);
            answer.Returned = answer.Closer!.Count;
        }

        foreach (var peer in lookup.Peers)
        {
            peer.Draft.IsHeard |= peer.SpawnNs is not null || peer.NamedNs is not null;
            peer.Draft.AskedAfter = peer.Cause?.Draft.Id;
            peer.Draft.HeardAtLatestNs = Earlier(peer.NamedNs, peer.AskedNs);
            if (peer is { SpawnNs: null, DialStartNs: null })
            {
                peer.Draft.StateWithoutRequests = PeerState.Unknown;
            }

            peer.Draft.HeardPosition = peer.NamedPosition;
        }
    }

    /// <summary>Answers that list their peers, sorted by when the lookup had processed them.</summary>
    private static IEnumerable<RequestDraft> Answers(GoLookup lookup) =>
        lookup
            .Phases.Keys.Where(static request => request is { Outcome: RequestOutcome.Answered, Closer: not null })
            .OrderBy(request => Taken(lookup, request))
            .ThenBy(static request => request.StartNs)
            .ThenBy(static request => request.SpanId);

    /// <summary>
    /// When the lookup had processed an answer: at the end of the peer's QueryPeer, or of the request if that span was lost.
    /// </summary>
    private static long? Taken(GoLookup lookup, RequestDraft answer) =>
        lookup.Phases[answer] == GoPhase.Lookup ? lookup[answer.Peer].QueryEndNs ?? answer.EndNs : answer.EndNs;

    /// <summary>
    /// Whether the lookup processed the answer. It did not if the answer came after its end or in the follow-up, or if a lookup without an
    /// end still waits to deliver it.
    /// </summary>
    private static bool IsTaken(GoLookup lookup, RequestDraft answer) =>
        lookup.Phases[answer] == GoPhase.Lookup
        && (lookup.TerminatedNs is not { } over || Taken(lookup, answer) <= over)
        && !(lookup.NeverEnded && lookup[answer.Peer].QueryEndNs is null);

    private static void Note(GoLookup lookup, RequestDraft answer)
    {
        if (!IsTaken(lookup, answer))
        {
            return;
        }

        var namer = lookup[answer.Peer];
        var position = 0;
        foreach (var draft in answer.Closer!)
        {
            position++;
            var named = lookup[draft];
            if (named.NamedNs is null)
            {
                named.NamedNs = Taken(lookup, answer);
                named.Namer = namer;
                named.NamedPosition = position;
            }
        }
    }

    private static long? Earlier(long? one, long? other) =>
        one is null ? other
        : other is null ? one
        : Math.Min(one.Value, other.Value);

    private void FromAnswers()
    {
        var answers = Answers(_lookup).ToList();
        foreach (var answer in answers)
        {
            Note(_lookup, answer);
        }

        foreach (var peer in _lookup.Peers)
        {
            // This includes peers of the follow-up and peers that were sent a record: the lookup knew them, but no answer had named them.
            if (peer.IsFirstSpawn || (peer.AskedNs is { } asked && !(peer.NamedNs <= asked + SpawnToleranceNs)))
            {
                peer.IsSeed = true;
            }
            else if (peer.NamedNs is not null && CannotBeSeed(peer))
            {
                peer.IsNoSeed = true;
                peer.Referrer = peer.Namer;
                peer.Draft.HeardNs = peer.NamedNs;
            }
        }

        foreach (var answer in answers)
        {
            answer.Returned = answer.Closer!.Count;
            answer.New = New(answer);
        }
    }

    /// <summary>Number of peers that the answer was the first to name; null when one of them may have been in the routing table.</summary>
    private int? New(RequestDraft answer)
    {
        if (!IsTaken(_lookup, answer))
        {
            return 0;
        }

        var fresh = 0;
        foreach (var draft in answer.Closer!)
        {
            var named = _lookup[draft];
            if (named.IsSeed || !ReferenceEquals(named.Namer?.Draft, answer.Peer))
            {
                continue;
            }

            if (!named.IsNoSeed)
            {
                return null;
            }

            fresh++;
        }

        return fresh;
    }

    /// <summary>
    /// True when the whole routing table was asked at once, or when the peer is nearer than a peer of the table that was asked at once.
    /// </summary>
    private bool CannotBeSeed(GoPeer peer) =>
        _lookup.IsFew
        || (
            _lookup.Target is { } target
            && _farthest is not null
            && peer.Id is { } id
            && target.CompareDistance(id, _farthest.Id!.Value) < 0
        );

    /// <summary>
    /// Finds referrers of a provider lookup, whose answers are not listed. If an answer came while a slot was free, every peer known before
    /// had already been asked. So the answer named the peer that was asked next. A peer holds its slot until its QueryPeer ends, or until
    /// the spawn that its end triggered, if that is later.
    /// </summary>
    private void FromSlots()
    {
        if (_lookup.Spawned.Count == 0)
        {
            // The accelerated client asks the peers of its own table, without a lookup.
            foreach (var peer in _lookup.Peers)
            {
                peer.IsSeed = peer.AskedNs is not null;
            }
        }

        var firstSpawnAfter = new Dictionary<GoPeer, long>(ReferenceEqualityComparer.Instance);
        foreach (var peer in _lookup.Spawned)
        {
            if (peer.Cause is { } cause)
            {
                _ = firstSpawnAfter.TryAdd(cause, peer.SpawnNs!.Value);
            }
        }

        var starts = _lookup.Spawned.Select(static peer => peer.SpawnNs!.Value).Order().ToArray();
        var ends = _lookup
            .Spawned.Select(peer => Math.Max(peer.QueryEndNs ?? long.MaxValue, firstSpawnAfter.GetValueOrDefault(peer, long.MinValue)))
            .Order()
            .ToArray();
        var firstAnswer = _lookup.Spawned.Where(static peer => HasAnswered(peer)).MinBy(static peer => peer.QueryEndNs);
        foreach (var peer in _lookup.Peers)
        {
            peer.IsSeed |= peer.IsFirstSpawn;
            peer.IsNoSeed = !peer.IsSeed && peer.AskedNs is not null && CannotBeSeed(peer);
        }

        foreach (var peer in _lookup.Spawned)
        {
            if (peer.IsSeed || peer.Cause is not { } cause)
            {
                continue;
            }

            if (!HasAnswered(cause) || cause is not { QueryEndNs: { } taken, Request.EndNs: { } answered })
            {
                continue;
            }

            var held = CountBelow(starts, answered) - CountBelow(ends, answered + 1);
            if (held < _lookup.Alpha || (ReferenceEquals(cause, firstAnswer) && peer.IsNoSeed))
            {
                peer.IsNoSeed = true;
                peer.Referrer = cause;
                peer.NamedNs = taken;
                peer.Draft.HeardNs = taken;
                peer.Draft.ReferrerInferred = true;
            }
        }
    }

    private static bool HasAnswered(GoPeer peer) => peer is { Request.Outcome: RequestOutcome.Answered, QueryEndNs: not null };

    /// <summary>Number of values in a sorted list that are less than the given value.</summary>
    private static int CountBelow(long[] sorted, long value)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = sorted[middle] < value ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private void Finish()
    {
        var chain = new Stack<GoPeer>();
        foreach (var peer in _lookup.Peers)
        {
            CountHops(peer, chain);
            var draft = peer.Draft;
            draft.IsHeard |= peer.IsSeed || peer.SpawnNs is not null || peer.NamedNs is not null;
            draft.HeardNs = peer.IsSeed ? 0 : draft.HeardNs;
            draft.HeardAtLatestNs = Earlier(peer.NamedNs, peer.AskedNs);
            draft.HeardPosition = peer.IsSeed ? int.MaxValue : peer.NamedPosition;
            draft.AskedAfter = peer.Cause?.Draft.Id;
            draft.Referrer = peer.IsSeed ? null : peer.Referrer?.Draft.Id;
            draft.Hops = peer.FewestHops == peer.MostHops ? peer.FewestHops : null;
            draft.HopsAtLeast = draft.Hops ?? (peer.FewestHops > 0 ? peer.FewestHops : null);
        }
    }

    /// <summary>
    /// Computes the hops as an interval. The upper bound is one more than that of the peer whose answer named it first, also for a peer
    /// that may be from the routing table. Chains are walked without recursion, because a hostile trace can make them very long or
    /// circular.
    /// </summary>
    private static void CountHops(GoPeer peer, Stack<GoPeer> chain)
    {
        for (var at = peer; at is { HasHops: false }; at = at.Referrer ?? at.Namer)
        {
            at.HasHops = true;
            chain.Push(at);
            if (at.IsSeed)
            {
                break;
            }
        }

        while (chain.TryPop(out var next))
        {
            if (next.IsSeed)
            {
                (next.FewestHops, next.MostHops) = (0, 0);
            }
            else if ((next.Referrer ?? next.Namer) is { } from)
            {
                next.FewestHops =
                    next.Referrer is not null ? from.FewestHops + 1
                    : next.IsNoSeed ? 1
                    : 0;
                next.MostHops = from.MostHops == GoPeer.Unbounded ? GoPeer.Unbounded : from.MostHops + 1;
            }
            else
            {
                next.FewestHops = next.IsNoSeed ? 1 : 0;
            }
        }
    }
}
