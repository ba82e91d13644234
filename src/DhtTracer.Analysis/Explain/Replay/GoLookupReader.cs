// Over 300 lines: it reads everything that a replay needs of one query; all readers share distances, phases and ends.
using System.Collections.Immutable;
using System.Globalization;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Explain.Replay;

/// <summary>Reads a lookup of go-libp2p-kad-dht from a query, or says what a replay would miss.</summary>
internal sealed class GoLookupReader
{
    /// <summary>Upper limit of beta when the trace gives none.</summary>
    private const int MostBeta = 1_000;

    private readonly Query _query;
    private readonly KeyDistances _distances;
    private readonly Dictionary<string, int> _ranks = new(StringComparer.Ordinal);
    private readonly PathPhases _phases;
    private readonly long _terminated;

    private GoLookupReader(Query query, KeyDistances distances, long terminated)
    {
        _query = query;
        _distances = distances;
        _terminated = terminated;
        _phases = new PathPhases(query, 0);
        for (var rank = 0; rank < distances.Nearest.Length; rank++)
        {
            _ = _ranks.TryAdd(query.Peers[distances.Nearest[rank]].Id, rank);
        }
    }

    /// <summary>Reads a query. The lookup is null when it cannot be replayed; the reason is null when it can.</summary>
    public static (GoLookupRecord? Lookup, string? Reason) Read(Query query)
    {
        if (Missing(query) is { } reason)
        {
            return (null, reason);
        }

        var distances = KeyDistances.Of(query);
        if (!distances.Exact)
        {
            return (null, "the distances of its peers to the key are not known exactly");
        }

        return new GoLookupReader(query, distances, query.TerminatedNs.GetValueOrDefault()).Read();
    }

    private static string? Missing(Query query)
    {
        if (query.Type == QueryType.Ping)
        {
            return "a ping is no lookup";
        }

        if (query.DurationNs is not { } duration)
        {
            return "the end of the query is not in the trace";
        }

        if (query.Missing.Spans > 0)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"at least {query.Missing.Spans} of its spans were lost before they arrived"
            );
        }

        if (query.Outcome is QueryOutcome.Cancelled or QueryOutcome.TimedOut || query.Termination == QueryTermination.Cancelled)
        {
            return "its caller ended it; how long it would have gone on is not known";
        }

        if (query.Key is null)
        {
            return "its key is not known";
        }

        if (query.Peers.IsEmpty || query.Peers.All(static peer => peer.Requests.IsEmpty && peer.Dial is null))
        {
            return "it asked no peer";
        }

        var answers = query
            .Peers.SelectMany(static peer => peer.Requests)
            .Where(static r =>
                r is { Outcome: RequestOutcome.Answered, Type: MessageType.FindNode or MessageType.GetProviders or MessageType.GetValue }
            )
            .ToList();
        if (answers.Count(static r => r.Named.IsDefault) is > 0 and var hidden)
        {
            var why =
                query.Type == QueryType.GetProviders
                    ? " (go-libp2p-kad-dht never writes the closer peers of a provider lookup; the event stream of Kubo's RPC API has them)"
                    : "";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"its spans do not hold whom {hidden} of {answers.Count} answers named{why}"
            );
        }

        if (query.TerminatedNs is not { } terminated)
        {
            return "the trace does not tell when the lookup stopped";
        }

        if (terminated > duration)
        {
            return "it returned before its lookup stopped";
        }

        if (query.Source == TraceSource.GoKadDht && query.Parameters.Alpha is null)
        {
            return "its spans do not tell how many peers it asks at once";
        }

        return query is { Type: QueryType.AddProvider, Termination: QueryTermination.Stopped }
            ? "an optimistic provide stops by an estimate of the size of the network, which is not in the trace"
            : null;
    }

    private (GoLookupRecord? Lookup, string? Reason) Read()
    {
        var activities = PeerActivity.Of(_query);
        var asks = activities.Where(a => !a.IsStore && !_phases.IsFollowUp(a)).ToList();
        var duration = _query.DurationNs.GetValueOrDefault();
        if (asks.Count(static a => a.EndNs is not null && a.Result is ActivityResult.Done or ActivityResult.Failed) < 2)
        {
            return (null, "too few dials and requests ended to know how long they take");
        }

        var setup = Math.Clamp(asks.Min(static a => a.StartNs), 0, duration);
        long[] moments = [.. _query.Peers.Select(Settled).OfType<long>().Append(setup).Order()];
        var unfit = Ineligible();
        var peers = _distances.Nearest.Select((index, rank) => PeerOf(_query.Peers[index], moments, unfit)).ToImmutableArray();
        var target = _query.Type == QueryType.FindPeer && _ranks.TryGetValue(_query.Key!.Text, out var found) ? found : (int?)null;

        // The lookup waits for its requests, and aborts its dials.
        var underWay = asks.Where(a => a.StartNs <= _terminated && a.EndNs > _terminated && a.Kind != PeerActivityKind.Dial)
            .Select(a => Later(_query.Peers[a.Peer].TakenNs, a.EndNs).GetValueOrDefault());
        var aborted = asks.Where(a =>
                a is { Kind: PeerActivityKind.Dial, Result: not ActivityResult.Done }
                && a.StartNs <= _terminated
                && a.EndNs > _terminated
                && a.EndNs <= duration
            )
            .Select(a => a.EndNs.GetValueOrDefault() - _terminated)
            .DefaultIfEmpty(0)
            .Max();
        var lookupEnd = underWay.Append(_terminated + aborted).Max();
        if (lookupEnd > duration)
        {
            return Returned(peers, setup, duration, target);
        }

        var followUps = activities.Where(a => _phases.IsFollowUp(a) && a.StartNs < duration).ToList();
        if (WasCutOff(asks.Concat(followUps), duration))
        {
            return (null, "its last requests were cut off from outside; how long it would have gone on is not known");
        }

        var followStart = followUps.Count == 0 ? lookupEnd : Math.Max(lookupEnd, followUps.Min(static a => a.StartNs));
        var followEnd = followUps.Select(a => Math.Min(duration, a.EndNs ?? duration)).Append(lookupEnd).Max();
        var storeEnd = activities
            .Where(a => a.IsStore && a.StartNs < duration)
            .Select(a => Math.Min(duration, a.EndNs ?? duration))
            .Append(followEnd)
            .Max();
        return (
            new GoLookupRecord
            {
                Peers = peers,
                SetupNs = setup,
                FollowUpGapNs = followStart - lookupEnd,
                AbortNs = aborted,
                StoresNs = storeEnd - followEnd,
                FinishNs = duration - storeEnd,
                SkipsFollowUp = followUps.Count == 0 && (_query.Type is QueryType.FindPeer or QueryType.GetValue or QueryType.GetProviders),
                StopsAfterResults = StopsAfter(target),
                StopsAtNs = StopsAt(target),
                ReturnsAfterResults = 0,
                Target = target,
                Beta = BetaRange(),
                LeastK = LeastK(),
                HasHiddenSeeds = HasHiddenSeeds(peers),
            },
            null
        );
    }

    // The library waits for its requests. So only the caller, or the other side of a dual DHT, can cancel the last ones.
    private static bool WasCutOff(IEnumerable<PeerActivity> activities, long duration)
    {
        var (lastOwn, lastCut) = (0L, -1L);
        foreach (var activity in activities.Where(a => a.Kind != PeerActivityKind.Dial && a.EndNs <= duration))
        {
            var end = activity.EndNs.GetValueOrDefault();
            lastOwn = activity.Result == ActivityResult.TakenBack ? lastOwn : Math.Max(lastOwn, end);
            lastCut = activity.Result == ActivityResult.TakenBack ? Math.Max(lastCut, end) : lastCut;
        }

        return lastCut > lastOwn;
    }

    // A value search returns when it has enough records, while its lookup continues.
    private (GoLookupRecord? Lookup, string? Reason) Returned(ImmutableArray<GoLookupPeer> peers, long setup, long duration, int? target)
    {
        var results = _query
            .Peers.Select(Asked)
            .Where(request => request is not null && HasResult(request) && request.EndNs <= duration)
            .ToList();
        return results.Count == 0
            ? (null, "it returned before its lookup had ended, and the trace does not tell why")
            : (
                new GoLookupRecord
                {
                    Peers = peers,
                    SetupNs = setup,
                    FollowUpGapNs = 0,
                    AbortNs = 0,
                    StoresNs = 0,
                    SkipsFollowUp = false,
                    FinishNs = duration - results.Max(static request => request!.EndNs.GetValueOrDefault()),
                    StopsAfterResults = StopsAfter(target),
                    StopsAtNs = StopsAt(target),
                    ReturnsAfterResults = results.Count,
                    Target = target,
                    Beta = BetaRange(),
                    LeastK = 1,
                    HasHiddenSeeds = HasHiddenSeeds(peers),
                },
                null
            );
    }

    private bool HasHiddenSeeds(ImmutableArray<GoLookupPeer> peers) =>
        _query.Parameters.Alpha is { } alpha && peers.Count(static peer => peer.Seed) >= alpha;

    private int StopsAfter(int? target) => _query.Termination == QueryTermination.Stopped && target is null ? ResultsUntil(_terminated) : 0;

    private int ResultsUntil(long time) =>
        _query.Peers.Count(peer => Asked(peer) is { } request && Settled(peer) <= time && HasResult(request));

    // When the lookup stopped for a reason outside its own answers: at the last end that it had noticed by then.
    private long? StopsAt(int? target)
    {
        if (_query.Termination != QueryTermination.Stopped)
        {
            return null;
        }

        var connected =
            target is { } rank
            && _query.Peers[_distances.Nearest[rank]].Dial is { Error: null, DurationNs: { } took } dial
            && dial.StartNs + took <= _terminated;
        if (connected || (target is null && ResultsUntil(_terminated) > 0))
        {
            return null;
        }

        return _query.Peers.Select(Settled).Where(at => at <= _terminated).Max() ?? _terminated;
    }

    private static bool HasResult(PeerRequest request) => request is { Providers: > 0 } or { Records: > 0 };

    // When the lookup could act on the peer's answer or failure; null when there was none.
    private long? Settled(QueryPeer peer) =>
        Asked(peer) is { } asked
            ? asked.Outcome is RequestOutcome.Answered or RequestOutcome.Failed
                ? Later(peer.TakenNs, asked.EndNs)
                : null
            : peer is { State: PeerState.DialFailed, Dial: { } dial }
                ? Later(peer.TakenNs, dial.StartNs + dial.DurationNs)
                : null;

    private static long? Later(long? taken, long? end) => taken >= end ? taken : end;

    // The first request, if the lookup itself sent it.
    private PeerRequest? Asked(QueryPeer peer)
    {
        for (var i = 0; i < peer.Requests.Length; i++)
        {
            var request = peer.Requests[i];
            if (request.StartNs is { } start && request.Type is not (MessageType.PutValue or MessageType.AddProvider))
            {
                return i == 0 && (start < _terminated || peer.Dial is { Error: null } dial && dial.StartNs < _terminated) ? request : null;
            }
        }

        return null;
    }

    private GoLookupPeer PeerOf(QueryPeer peer, long[] moments, HashSet<string> unfit)
    {
        var asked = Asked(peer);
        var (ask, cutOff) = Ask(peer, asked, moments);
        var followUp = peer.Requests.FirstOrDefault(r =>
            r != asked && r is { Type: not (MessageType.PutValue or MessageType.AddProvider), StartNs: not null, DurationNs: not null }
        );
        var names = asked is { Outcome: RequestOutcome.Answered, Named: { IsDefault: false } named } ? named : [];
        return new GoLookupPeer(
            peer is { Referrer: null, Hops: 0 },
            ask,
            cutOff,
            followUp is null
                ? null
                : new PeerTiming(
                    0,
                    0,
                    false,
                    false,
                    0,
                    followUp.DurationNs.GetValueOrDefault(),
                    followUp.Outcome != RequestOutcome.Answered,
                    false
                ),
            [.. names.Where(name => !unfit.Contains(name) && _ranks.ContainsKey(name)).Select(name => _ranks[name])],
            asked is not null && HasResult(asked)
        );
    }

    private (PeerTiming? Timing, CutOff? CutOff) Ask(QueryPeer peer, PeerRequest? asked, long[] moments)
    {
        var start = peer.Dial is { } begun && begun.StartNs <= _terminated ? begun.StartNs : asked?.StartNs;
        if (start is not { } at)
        {
            return (null, null);
        }

        var reaction = Reaction(peer, at, moments);
        var dialNs = peer.Dial?.DurationNs ?? 0;
        if (asked is null)
        {
            var failed = peer.State == PeerState.DialFailed || peer.Dial?.Error is { Class: not ErrorClass.Cancelled };
            var timedOut = peer.Dial?.Error?.Class == ErrorClass.DialTimeout;
            return failed
                ? (new PeerTiming(reaction, Math.Max(dialNs, peer.TakenNs - at ?? 0), true, timedOut, 0, 0, false, false), null)
                : (null, new CutOff(reaction, null, 0, Math.Max(1, _terminated - at)));
        }

        var gap = Math.Max(0, asked.StartNs.GetValueOrDefault() - at - dialNs);
        return asked is { DurationNs: { } requestNs, Outcome: RequestOutcome.Answered or RequestOutcome.Failed }
            ? (
                new PeerTiming(
                    reaction,
                    dialNs,
                    false,
                    false,
                    gap,
                    requestNs + Math.Max(0, peer.TakenNs - asked.EndNs ?? 0),
                    asked.Outcome == RequestOutcome.Failed,
                    asked.Error?.Class == ErrorClass.RequestTimeout
                ),
                null
            )
            : (null, new CutOff(reaction, dialNs, gap, Math.Max(1, asked.DurationNs ?? 0)));
    }

    // From the end that made the lookup ask this peer to the start of the dial or request.
    private long Reaction(QueryPeer peer, long start, long[] moments)
    {
        var index = Array.BinarySearch(moments, start);
        index = index < 0 ? ~index - 1 : index;
        var last = index < 0 ? start : moments[index];
        if (peer.AskedAfter is { } id && _ranks.TryGetValue(id, out var rank))
        {
            var before = _query.Peers[_distances.Nearest[rank]];
            last = Settled(before) is { } ended && ended <= start ? ended : last;
        }

        return start - last;
    }

    /// <summary>
    /// Peers that an answer named but the lookup never accepted. A lookup asks the nearest peers first. So if it skipped a peer and later
    /// asked a farther one, the skipped peer was not in its list. The WAN side drops peers without a public address.
    /// </summary>
    private HashSet<string> Ineligible()
    {
        var unfit = new HashSet<string>(StringComparer.Ordinal);
        var lastAsked = long.MinValue;

        // From the farthest to the nearest, keeping the latest start of all farther peers.
        for (var rank = _distances.Nearest.Length - 1; rank >= 0; rank--)
        {
            var peer = _query.Peers[_distances.Nearest[rank]];
            var start = peer.Dial is { } dial && dial.StartNs <= _terminated ? dial.StartNs : Asked(peer)?.StartNs;
            if (start is { } at)
            {
                lastAsked = Math.Max(lastAsked, at);
            }
            else if (peer.HeardNs is { } heard && heard > 0 && heard < lastAsked)
            {
                _ = unfit.Add(peer.Id);
            }
        }

        return unfit;
    }

    // The position, among the peers that had not failed, of the farthest peer asked in the follow-up.
    private int LeastK()
    {
        var (least, place) = (1, 0);
        foreach (var index in _distances.Nearest)
        {
            var peer = _query.Peers[index];
            var failed = Settled(peer) <= _terminated && Asked(peer)?.Outcome != RequestOutcome.Answered;
            place += failed || !(peer.HeardNs <= _terminated) ? 0 : 1;
            if (
                peer.Requests.Any(request =>
                    request.Type is not (MessageType.PutValue or MessageType.AddProvider) && request != Asked(peer)
                )
            )
            {
                least = place;
            }
        }

        return Math.Max(1, least);
    }

    /// <summary>
    /// The lookup ends when the beta closest peers have answered. So beta is greater than the number of closest peers that had answered
    /// while the lookup went on. If the lookup completed, beta is at most the number that had answered at its end.
    /// </summary>
    private (int Least, int Most) BetaRange()
    {
        var unfit = Ineligible();
        var settled = new List<(long At, int Rank, bool Answered)>();
        var heard = new long[_distances.Nearest.Length];
        Array.Fill(heard, long.MaxValue);
        for (var rank = 0; rank < heard.Length; rank++)
        {
            var peer = _query.Peers[_distances.Nearest[rank]];
            if (peer is { Referrer: null, Hops: 0 })
            {
                heard[rank] = 0;
            }

            if (Settled(peer) is not { } at || at > _terminated)
            {
                continue;
            }

            var asked = Asked(peer);
            settled.Add((at, rank, asked?.Outcome == RequestOutcome.Answered));
            foreach (var name in asked is null || asked.Named.IsDefault ? [] : asked.Named)
            {
                if (_ranks.TryGetValue(name, out var named) && !unfit.Contains(name))
                {
                    heard[named] = Math.Min(heard[named], at);
                }
            }
        }

        settled.Sort();
        var (least, most) = (1, MostBeta);
        var states = new Dictionary<int, bool>();
        for (var i = 0; i < settled.Count; i++)
        {
            states[settled[i].Rank] = settled[i].Answered;
            var row = 0;
            var whole = true;
            for (var rank = 0; rank < heard.Length; rank++)
            {
                if (heard[rank] > settled[i].At)
                {
                    continue;
                }

                if (!states.TryGetValue(rank, out var answered))
                {
                    whole = false;
                    break;
                }

                row += answered ? 1 : 0;
            }

            if (i < settled.Count - 1)
            {
                least = whole ? least : Math.Max(least, row + 1);
            }
            else if (_query.Termination == QueryTermination.Completed && row >= least && !whole)
            {
                most = row;
            }
        }

        return (least, Math.Max(least, most));
    }
}
