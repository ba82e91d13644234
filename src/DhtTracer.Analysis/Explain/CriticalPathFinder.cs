// Over 300 lines: one walk back from the end; all its steps share the same state.
using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Explain;

/// <summary>
/// Walks from the end of a query back to its start. The cursor is a time: everything after it is already explained. Each segment ends at
/// the cursor and moves it back, so the segments always add up to the duration, even in a trace that contradicts itself.
/// </summary>
/// <remarks>
/// A lookup acts only when something ends: an answer, a failed dial, a failed request. So each dial or request follows the end that
/// triggered it. The walk runs for every query that arrives; it takes O(n log n) for n dials and requests.
/// </remarks>
internal sealed class CriticalPathFinder
{
    private const int None = -1;

    private readonly Query _query;
    private readonly ImmutableArray<PeerActivity> _activities;
    private readonly Lazy<ConcurrencySeries> _concurrency;

    /// <summary>Indices of the activities whose end the lookup notices, sorted by that end.</summary>
    private readonly int[] _byEnd;
    private readonly long[] _ends;

    /// <summary>Index of the first activity of each peer, plus a last entry: the number of activities.</summary>
    private readonly int[] _firstOf;
    private readonly Dictionary<string, int> _peers;
    private readonly List<PathSegment> _segments = [];
    private readonly PathPhases _phases;
    private readonly HashSet<int> _visited = [];

    /// <summary>Start of the first dial or request.</summary>
    private readonly long _firstStart;
    private long _cursor;

    private CriticalPathFinder(Query query, ImmutableArray<PeerActivity> activities, Lazy<ConcurrencySeries> concurrency)
    {
        _query = query;
        _activities = activities;
        _concurrency = concurrency;
        _firstOf = FirstOf(query, activities);
        _byEnd = [.. Enumerable.Range(0, activities.Length).Where(i => activities[i].OwnEndNs is not null && !IsDialOfPlace(i))];
        _ends = Array.ConvertAll(_byEnd, i => activities[i].OwnEndNs.GetValueOrDefault());
        Array.Sort(_ends, _byEnd);
        _firstStart = activities.IsEmpty ? 0 : Math.Max(0, activities.Min(static a => a.StartNs));
        _peers = new Dictionary<string, int>(query.Peers.Length, StringComparer.Ordinal);
        for (var i = 0; i < query.Peers.Length; i++)
        {
            _ = _peers.TryAdd(query.Peers[i].Id, i);
        }

        _phases = new PathPhases(query, _ends.Length > 0 ? _ends[0] : long.MaxValue);
    }

    // js-libp2p writes start times in whole milliseconds, so a child can seem to end after its parent.
    private long Tolerance => _query.Source == TraceSource.JsLibp2p ? 1_000_000 : 0;

    // An activity that starts this soon after an end was triggered by that end.
    private long Soon => Math.Max(Tolerance, _query.DurationNs.GetValueOrDefault() / 100);

    private long? Terminated => _query.TerminatedNs is { } at && at < _query.DurationNs ? Math.Max(0, at) : null;

    private int Alpha => _query.Parameters.Alpha ?? _concurrency.Value.Most;

    /// <summary>The path; null when the end of the query is not known.</summary>
    public static CriticalPath? Find(Query query, ImmutableArray<PeerActivity> activities, Lazy<ConcurrencySeries> concurrency)
    {
        if (query.DurationNs is not { } duration || duration < 0)
        {
            return null;
        }

        var finder = new CriticalPathFinder(query, activities, concurrency) { _cursor = duration };
        finder.Walk(finder.Last(duration));
        finder._segments.Reverse();
        return new CriticalPath
        {
            Segments = [.. finder._segments],
            Peers =
            [
                .. finder
                    ._segments.Where(static s => s.IsLostToPeer)
                    .Select(static s => s.PeerId)
                    .OfType<string>()
                    .Distinct(StringComparer.Ordinal),
            ],
            AlphaObserved = query.Parameters.Alpha is null,
        };
    }

    private static int[] FirstOf(Query query, ImmutableArray<PeerActivity> activities)
    {
        var first = new int[query.Peers.Length + 1];
        var next = 0;
        for (var peer = 0; peer < first.Length; peer++)
        {
            while (next < activities.Length && activities[next].Peer < peer)
            {
                next++;
            }

            first[peer] = next;
        }

        return first;
    }

    // The activity that the end of the query waited for.
    private int Last(long duration)
    {
        if (_query.Outcome is QueryOutcome.Cancelled or QueryOutcome.TimedOut && UnderWayLongest(duration, Soon) is var cut and not None)
        {
            return cut;
        }

        return LastEnd(duration + Tolerance);
    }

    /// <summary>
    /// The activity that was under way for the longest time when the caller gave up. Activities cancelled long before that time are left
    /// out. The query can still go on after them: a request that ignores the cancellation runs until it ends by itself.
    /// </summary>
    private int UnderWayLongest(long at, long slack)
    {
        var longest = None;
        var since = long.MaxValue;
        for (var i = 0; i < _activities.Length; i++)
        {
            var activity = _activities[i];
            if (
                activity.StartNs < at
                && PlaceStart(i) < since
                && (activity.EndNs is not { } end || end >= at || (activity.Result == ActivityResult.TakenBack && end >= at - slack))
            )
            {
                longest = i;
                since = PlaceStart(i);
            }
        }

        return longest;
    }

    private void Walk(int activity)
    {
        if (activity != None && _activities[activity].EndNs is { } end && end < _cursor)
        {
            Add(SegmentKind.End, end);
        }

        while (activity != None && _visited.Add(activity))
        {
            activity = Step(activity);
        }

        // A query without any dial or request, or a trace that contradicts itself.
        Add(SegmentKind.Unknown, 0);
    }

    private int Step(int activity)
    {
        if (_activities[activity].EndNs is { } end && end < _cursor)
        {
            Add(SegmentKind.Between, end);
        }

        if (Terminated is { } terminated && terminated < _cursor && PlaceStart(activity) < terminated)
        {
            // The activity began before the lookup stopped choosing peers, and the query waited for it after that. The time before is
            // charged to what made the lookup stop. If the caller gave up, that can be this same activity.
            Charge(activity, terminated, null);
            var before = AtTermination(terminated);
            if (before != activity)
            {
                return before;
            }
        }

        Charge(activity, 0, null);
        return Before(activity);
    }

    private int AtTermination(long terminated) =>
        _query.Termination == QueryTermination.Cancelled && UnderWayLongest(terminated, 0) is var cut and not None
            ? cut
            : LastEnd(terminated);

    /// <summary>What this activity waited for. <see cref="None"/> when the walk has reached the start.</summary>
    private int Before(int activity)
    {
        var a = _activities[activity];
        var peer = _query.Peers[a.Peer];
        if (
            a.IsStore
            || PlaceFirst(activity) > _firstOf[a.Peer]
            || _phases.IsFollowUp(a)
            || (!peer.Requests.IsEmpty && peer.Requests.All(IsStore))
        )
        {
            // A repeated request, the follow-up and stores wait for whatever ended last before them.
            return LastEnd(_cursor);
        }

        var heard = peer.HeardNs is { } at ? Math.Clamp(at, 0, _cursor) : (long?)null;
        if (heard is not { } known)
        {
            return Trigger(activity) is var trigger and not None ? trigger
                : peer.Hops == 0 ? FromStart()
                : None;
        }

        AddQueued(activity, known);
        if (peer.Referrer is { } referrer)
        {
            return _peers.TryGetValue(referrer, out var namer) ? Naming(namer, peer.Id, _cursor) : None;
        }

        if (peer.AskedAfter is not null && known > 0)
        {
            // The trace does not show who named this peer, but it was asked because something ended.
            return Trigger(activity);
        }

        // A seed is known from the start. If it was first heard of only after others had answered, the trace hides who named it.
        return _ends.Length > 0 && _ends[0] < _cursor ? None : FromStart();
    }

    private int FromStart()
    {
        Add(SegmentKind.Start, 0);
        return None;
    }

    /// <summary>
    /// Adds the waits of a peer that was known since <paramref name="heard"/> and not yet asked. Each wait is charged to the activity whose
    /// end let the lookup go on. There are two cases: all alpha slots were taken and that activity freed one, or the lookup went on right
    /// after its end, for example to the follow-up.
    /// </summary>
    private void AddQueued(int activity, long heard)
    {
        var victim = _query.Peers[_activities[activity].Peer].Id;
        var next = activity;
        var linked = true;
        var bound = _byEnd.Length;
        var steps = _byEnd.Length;
        while (_cursor > heard && steps-- > 0)
        {
            var told = ToldTrigger(next);
            var holder = told != None ? told : FreedBefore(ref bound, _activities[activity].Peer);
            if (holder == None || _activities[holder].OwnEndNs is not { } end || end <= heard)
            {
                break;
            }

            var soon = _cursor - end <= Soon;
            linked = told != None || _concurrency.Value.Before(end) >= Alpha || (linked && soon);
            Add(told != None || (linked && soon) ? SegmentKind.Between : SegmentKind.Queued, end, queued: victim);
            if (linked)
            {
                Charge(holder, heard, victim);
                next = holder;
            }
        }

        // A short rest is the node's own reaction. In a longer one slots were free, and no peer is blamed.
        var reaction = _cursor - Math.Max(heard, Math.Min(_cursor, _firstStart)) <= Soon;
        Add(
            !reaction ? SegmentKind.Queued
                : heard <= _firstStart ? SegmentKind.Start
                : SegmentKind.Between,
            heard,
            queued: victim
        );
    }

    /// <summary>The activity whose end made the lookup begin this one.</summary>
    private int Trigger(int activity) =>
        ToldTrigger(activity) is var told and not None ? told : LastEnd(_cursor, _activities[activity].Peer);

    // The trace can name the peer whose end was the trigger (go-libp2p). This holds only for a peer's first slot in the lookup.
    private int ToldTrigger(int activity)
    {
        var peer = _activities[activity].Peer;
        if (
            _query.Peers[peer].AskedAfter is not { } id
            || PlaceFirst(activity) != _firstOf[peer]
            || !_peers.TryGetValue(id, out var before)
            || before == peer
        )
        {
            return None;
        }

        var found = None;
        for (var i = _firstOf[before]; i < _firstOf[before + 1]; i++)
        {
            if (_activities[i].OwnEndNs <= _cursor && (found == None || _activities[found].OwnEndNs <= _activities[i].OwnEndNs))
            {
                found = i;
            }
        }

        return found;
    }

    // The last slot freed before the cursor, if it was held for any time at all.
    private int FreedBefore(ref int bound, int except)
    {
        for (bound = Math.Min(UpTo(_cursor) + 1, bound) - 1; bound >= 0; bound--)
        {
            if (_activities[_byEnd[bound]].Peer != except && _ends[bound] > PlaceStart(_byEnd[bound]))
            {
                return _byEnd[bound];
            }
        }

        return None;
    }

    private int LastEnd(long time, int except = None)
    {
        for (var i = UpTo(time); i >= 0; i--)
        {
            if (!_visited.Contains(_byEnd[i]) && _activities[_byEnd[i]].Peer != except)
            {
                return _byEnd[i];
            }
        }

        return None;
    }

    // Index in _ends of the last end that is not after the given time.
    private int UpTo(long time)
    {
        var (low, high) = (0, _ends.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _ends[middle] <= time ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }

    // The referrer's answer that named the peer: the one that lists it, or else the last one that had ended by then.
    private int Naming(int namer, string named, long heard)
    {
        var found = None;
        for (var i = _firstOf[namer]; i < _firstOf[namer + 1]; i++)
        {
            var answer = _activities[i];
            if (answer.Request < 0 || !(answer.EndNs <= heard + Tolerance) || _visited.Contains(i))
            {
                continue;
            }

            if (
                _query.Peers[namer].Requests[answer.Request].Named is { IsDefault: false } names
                && names.Contains(named, StringComparer.Ordinal)
            )
            {
                return i;
            }

            found = answer.Result is ActivityResult.Done or ActivityResult.Unknown ? i : found;
        }

        return found;
    }

    /// <summary>A connected dial and the request after it share one alpha slot, so the end of the dial frees no slot.</summary>
    private bool IsDialOfPlace(int dial) =>
        _activities[dial] is { Kind: PeerActivityKind.Dial, Result: ActivityResult.Done } a
        && dial + 1 < _activities.Length
        && _activities[dial + 1].Peer == a.Peer
        && _activities[dial + 1].StartNs >= a.StartNs;

    private int PlaceFirst(int activity) =>
        activity > 0 && _activities[activity].Peer == _activities[activity - 1].Peer && IsDialOfPlace(activity - 1)
            ? activity - 1
            : activity;

    private long PlaceStart(int activity) => _activities[PlaceFirst(activity)].StartNs;

    /// <summary>Charges a slot (request and dial) to its peer, back to the start of the slot or to a later time.</summary>
    private void Charge(int activity, long from, string? queued)
    {
        Charge(_activities[activity], from, queued);
        if (PlaceFirst(activity) is var dial && dial != activity)
        {
            var d = _activities[dial];
            Add(SegmentKind.Between, Math.Max(from, d.EndNs.GetValueOrDefault()), _query.Peers[d.Peer].Id, queued);
            Charge(d, from, queued);
        }
    }

    private void Charge(PeerActivity activity, long from, string? queued)
    {
        var start = Math.Clamp(Math.Max(activity.StartNs, from), 0, _cursor);
        while (start < _cursor)
        {
            var (phase, since) = _phases.Of(activity, start, _cursor);
            _segments.Add(
                new PathSegment
                {
                    Kind = KindOf(activity),
                    Phase = phase,
                    StartNs = since,
                    EndNs = _cursor,
                    PeerId = _query.Peers[activity.Peer].Id,
                    Result = activity.Result,
                    ErrorClass = activity.ErrorClass,
                    Message = activity.Message,
                    QueuedPeerId = queued,
                }
            );
            _cursor = since;
        }
    }

    private void Add(SegmentKind kind, long from, string? peer = null, string? queued = null)
    {
        var start = Math.Clamp(from, 0, _cursor);
        if (start == _cursor)
        {
            return;
        }

        _segments.Add(
            new PathSegment
            {
                Kind = kind,
                Phase = kind is SegmentKind.Unknown or SegmentKind.Queued ? PathPhase.Unknown : PathPhase.Own,
                StartNs = start,
                EndNs = _cursor,
                PeerId = peer,
                QueuedPeerId = queued,
            }
        );
        _cursor = start;
    }

    private static bool IsStore(PeerRequest request) => request.Type is MessageType.PutValue or MessageType.AddProvider;

    private static SegmentKind KindOf(PeerActivity activity) =>
        activity.Kind switch
        {
            PeerActivityKind.Dial => SegmentKind.Dial,
            PeerActivityKind.Request => SegmentKind.Request,
            _ => SegmentKind.DialAndRequest,
        };
}
