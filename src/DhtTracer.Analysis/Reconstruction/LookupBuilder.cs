using System.Collections.Immutable;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>Builds a query's peers from what a dialect read, and counts them by the definitions shared by all dialects.</summary>
/// <param name="target">Position of the key in the key space. When null, every XOR is unknown.</param>
/// <param name="node">The querying node, which is never a peer of its own query; null when unknown.</param>
/// <param name="dialsKnown">Whether the trace separates dials from requests.</param>
internal sealed class LookupBuilder(KadId? target, string? node, bool dialsKnown)
{
    private readonly Dictionary<string, PeerDraft> _peers = [];
    private readonly List<RequestDraft> _requests = [];
    private int _answerNumber;

    /// <summary>Every peer so far.</summary>
    public IReadOnlyCollection<PeerDraft> Peers => _peers.Values;

    /// <summary>Every request so far.</summary>
    public IReadOnlyList<RequestDraft> Requests => _requests;

    /// <summary>The peer with this id, added when it is new. Null for an empty id.</summary>
    public PeerDraft? Peer(ReadOnlySpan<char> id)
    {
        if (id.IsEmpty)
        {
            return null;
        }

        var lookup = _peers.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(id, out var peer))
        {
            return peer;
        }

        var known = PeerText.Of(id);
        if (!_peers.TryGetValue(known.Id, out peer))
        {
            peer = new PeerDraft(known, _peers.Count);
            _peers.Add(known.Id, peer);
        }

        return peer;
    }

    /// <summary>Adds a request to its peer.</summary>
    public void Add(RequestDraft request)
    {
        request.Peer.Add(request);
        _requests.Add(request);
    }

    /// <summary>The distinct peers of an answer in its order, without the node itself and without empty ids.</summary>
    public List<PeerDraft> Answer(IReadOnlyList<string> ids)
    {
        var distinct = BeginAnswer(ids.Count);
        foreach (var id in ids)
        {
            AddAnswered(distinct, id);
        }

        return distinct;
    }

    /// <summary>Begins a new answer. Fill it with <see cref="AddAnswered"/> before you begin another.</summary>
    public List<PeerDraft> BeginAnswer(int capacity)
    {
        _answerNumber++;
        return new List<PeerDraft>(capacity);
    }

    /// <summary>Adds one peer to an answer, unless it is already there or is the node itself.</summary>
    public PeerDraft? AddAnswered(List<PeerDraft> answer, ReadOnlySpan<char> id)
    {
        if (node is not null && id.SequenceEqual(node))
        {
            return null;
        }

        if (Peer(id) is not { } peer || peer.Id == node)
        {
            return null;
        }

        if (peer.LastAnswer != _answerNumber)
        {
            peer.LastAnswer = _answerNumber;
            answer.Add(peer);
        }

        return peer;
    }

    /// <summary>
    /// Finds who heard of whom from the answers alone, in the order of their arrival. A peer that was asked before any answer named it is
    /// from the routing table. Any other peer was heard of from the first answer that names it.
    /// </summary>
    /// <param name="startToleranceNs">
    /// Largest time in nanoseconds by which a request's recorded start can precede the event that caused it.
    /// </param>
    public void HearFromAnswers(long startToleranceNs)
    {
        foreach (var request in AnswersInOrder())
        {
            if (!request.Peer.IsHeard)
            {
                Seed(request.Peer);
            }

            var fresh = 0;
            var position = 0;
            foreach (var named in request.Closer!)
            {
                position++;
                if (named.IsHeard)
                {
                    continue;
                }

                if (named.FirstSentNs is { } sent && sent + startToleranceNs < request.AnswerNs)
                {
                    Seed(named);
                    continue;
                }

                fresh++;
                named.IsHeard = true;
                named.HeardNs = request.AnswerNs;
                named.HeardPosition = position;
                named.Referrer = request.Peer.Id;
                named.Hops = request.Peer.Hops + 1;
            }

            request.Returned = request.Closer!.Count;
            request.New = fresh;
        }

        foreach (var peer in _peers.Values)
        {
            if (!peer.IsHeard && peer.FirstSentNs is not null)
            {
                Seed(peer);
            }
        }
    }

    /// <summary>Answers whose peers are known, sorted by arrival.</summary>
    public IEnumerable<RequestDraft> AnswersInOrder() =>
        _requests
            .Where(static request => request.AnswerNs is not null && request.Closer is not null)
            .OrderBy(static request => request.AnswerNs)
            .ThenBy(static request => request.StartNs)
            .ThenBy(static request => request.Peer.Id, StringComparer.Ordinal)
            .ThenBy(static request => request.SpanId);

    /// <summary>Completes the query with order, states, XOR and counts.</summary>
    public Query Build(Query query)
    {
        var drafts = _peers.Values.Where(static peer => peer.IsKnown).ToList();
        NumberByOrder(drafts);
        MarkDuplicates(drafts, out var duplicates);
        drafts.Sort(
            static (left, right) =>
            {
                var order = (left.HeardNs ?? left.HeardAtLatestNs ?? long.MaxValue).CompareTo(
                    right.HeardNs ?? right.HeardAtLatestNs ?? long.MaxValue
                );
                order = order != 0 ? order : left.HeardPosition.CompareTo(right.HeardPosition);
                order = order != 0 ? order : (left.FirstSentNs ?? long.MaxValue).CompareTo(right.FirstSentNs ?? long.MaxValue);
                return order != 0 ? order : string.CompareOrdinal(left.Id, right.Id);
            }
        );

        var isEnded = query.DurationNs is >= 0;
        var rows = ImmutableArray.CreateBuilder<QueryPeer>(drafts.Count);
        foreach (var draft in drafts)
        {
            rows.Add(Row(draft, isEnded));
        }

        var done = rows.MoveToImmutable();
        return query with
        {
            Peers = done,
            Xor = done.Where(static peer => peer.Requests.Any(static request => request.Outcome == RequestOutcome.Answered))
                .Min(static peer => peer.Xor),
            Hops = done.Any(static peer => !peer.Requests.IsEmpty && peer.Hops is null)
                ? null
                : done.Where(static peer => !peer.Requests.IsEmpty).Max(static peer => peer.Hops),
            HopsAtLeast = done.Where(static peer => !peer.Requests.IsEmpty).Max(static peer => peer.HopsAtLeast),
            FirstAnswerNs = _requests.Min(static request => request.AnswerNs),
            Counts = Count(done, query.Counts.Results, duplicates),
        };
    }

    private static void Seed(PeerDraft peer)
    {
        peer.IsHeard = true;
        peer.HeardNs = 0;
        peer.Hops = 0;
    }

    private static void NumberByOrder(List<PeerDraft> drafts)
    {
        var order = 0;
        foreach (
            var peer in drafts
                .Where(static peer => peer.FirstSentNs is not null)
                .OrderBy(static peer => peer.FirstSentNs)
                .ThenBy(static peer => peer.HeardNs ?? long.MaxValue)
                .ThenBy(static peer => peer.HeardPosition)
                .ThenBy(static peer => peer.Id, StringComparer.Ordinal)
        )
        {
            peer.GivenOrder ??= ++order;
        }
    }

    /// <summary>
    /// Marks a request as duplicate if the peer was sent the same message type before. A PUT_VALUE after a FIND_NODE is no duplicate.
    /// </summary>
    private static void MarkDuplicates(List<PeerDraft> drafts, out int duplicates)
    {
        duplicates = 0;
        foreach (var peer in drafts)
        {
            var repeated = peer.SortRequests();
            duplicates +=
                repeated > 0 ? repeated
                : peer.Duplicate ? 1
                : 0;
            peer.Duplicate |= repeated > 0;
        }
    }

    private QueryPeer Row(PeerDraft draft, bool isEnded)
    {
        var dial = draft.ShownDial();
        return new QueryPeer
        {
            Id = draft.Id,
            Order = draft.GivenOrder,
            Xor = target is { } to && draft.KadId is { } from ? from.XorBitLength(to) : draft.GivenXor,
            Hops = draft.Hops,
            HopsAtLeast = draft.HopsAtLeast ?? draft.Hops,
            Referrer = draft.Referrer,
            ReferrerInferred = draft.ReferrerInferred,
            AskedAfter = draft.AskedAfter,

            // Most peers lose no time. TimeLost copies only the rows of those that did.
            TimeLostNs = isEnded ? 0 : null,
            HeardNs = draft.HeardNs,
            TakenNs = draft.TakenNs,
            State = draft.GivenState ?? PeerStates.Derive(draft, dial),
            Dial = dial,
            Requests = draft.Requests.Count == 0 ? [] : [.. draft.Requests.Select(static request => request.ToRequest())],
            Duplicate = draft.Duplicate,
            Agent = draft.Agent,
            Addresses = draft.Addresses(),
            Protocols = draft.Protocols is null ? [] : [.. draft.Protocols],
        };
    }

    private QueryCounts Count(ImmutableArray<QueryPeer> rows, int? results, int duplicates)
    {
        var answers = _requests
            .Where(static request => request.Outcome == RequestOutcome.Answered && MessageTypes.NamesPeers(request.Type))
            .ToList();
        return new QueryCounts
        {
            Seen = rows.Length,
            Queried = rows.Count(WasQueried),
            Dialed = dialsKnown ? rows.Count(static peer => WasDialed(peer)) : null,
            DialFailed = dialsKnown
                ? rows.Count(static peer => WasDialed(peer) && peer.Dial!.Error is { } error && error.Class != ErrorClass.Cancelled)
                : null,
            ToQuery = dialsKnown
                ? rows.Count(static peer => peer.Requests.IsEmpty && peer.Dial is { DurationNs: not null, Error: null })
                : null,
            Remaining = rows.Count(static peer => peer.Requests.IsEmpty && !WasDialed(peer)),
            Results = results,
            Returned = answers.TrueForAll(static request => request.Returned is not null)
                ? answers.Sum(static request => request.Returned)
                : null,
            Duplicates = duplicates,
        };
    }

    /// <summary>Whether a peer was sent a request. A request counts unless its error shows that it was never sent.</summary>
    public static bool WasQueried(QueryPeer peer) => peer.Requests.Any(static request => !ErrorText.NeverSent(request.Error?.Text));

    private static bool WasDialed(QueryPeer peer) => peer.Dial is { Reused: not true };
}
