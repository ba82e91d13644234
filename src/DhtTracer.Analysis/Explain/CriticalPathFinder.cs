using System.Collections.Immutable;

namespace DhtTracer.Analysis.Explain;

/// <summary>
/// Walks from the end of a query back to its start. At every step there is one time, the cursor, up to which everything later is already
/// explained; each segment ends at the cursor and moves it back, so the segments sum to the duration whatever the trace says.
/// </summary>
internal sealed class CriticalPathFinder
{
    private readonly Query query;
    private readonly ImmutableArray<Activity> activities;
    private readonly Activity[] byEnd;
    private readonly Dictionary<string, int> peers = new(StringComparer.Ordinal);
    private readonly ConcurrencySeries concurrency;
    private readonly int alpha;
    private readonly List<PathSegment> segments = [];
    private readonly HashSet<Activity> visited = [];
    private long cursor;

    private CriticalPathFinder(Query query, ImmutableArray<Activity> activities, ConcurrencySeries concurrency)
    {
        this.query = query;
        this.activities = activities;
        byEnd = [.. activities.Where(HasOwnEnd).OrderBy(static a => a.EndNs).ThenBy(static a => a.StartNs)];
        for (var i = 0; i < query.Peers.Length; i++)
        {
            _ = peers.TryAdd(query.Peers[i].Id, i);
        }

        this.concurrency = concurrency;
        alpha = query.Parameters.Alpha ?? concurrency.Most;
    }

    // js-libp2p writes start times in whole milliseconds: there a child may seem to end after its parent.
    private long Tolerance => query.Source == TraceSource.JsLibp2p ? 1_000_000 : 0;

    // What starts this soon after something ended was started by that end: a lookup acts only when something ends.
    private long Soon => Math.Max(Tolerance, query.DurationNs.GetValueOrDefault() / 100);

    /// <summary>The path; null when the end of the query is not known.</summary>
    public static CriticalPath? Find(Query query, ImmutableArray<Activity> activities, KeyDistances distances, ConcurrencySeries concurrency)
    {
        if (query.DurationNs is not { } duration || duration < 0)
        {
            return null;
        }

        var finder = new CriticalPathFinder(query, activities, concurrency) { cursor = duration };
        finder.Walk(finder.Last(duration, distances));
        finder.segments.Reverse();
        return new CriticalPath
        {
            Segments = [.. finder.segments],
            Peers = [.. finder.segments.Select(static s => s.PeerId).OfType<string>().Distinct(StringComparer.Ordinal)],
            AlphaObserved = query.Parameters.Alpha is null,
        };
    }

    // Something taken back ended because the query did; it explains nothing that came after it.
    private static bool HasOwnEnd(Activity activity) => activity.EndNs is not null && activity.Result != ActivityResult.TakenBack;

    private Activity? Last(long duration, KeyDistances distances)
    {
        if (query.Outcome is QueryOutcome.Cancelled or QueryOutcome.TimedOut)
        {
            // The end came from outside. What it would have waited for is in flight; most of all the peer nearest to the key. What was taken
            // back long before the end is no part of it: a request that does not heed the caller keeps its query going until it ends by itself.
            var inFlight = activities
                .Where(a => a.StartNs < duration
                    && (a.EndNs is null || a.EndNs >= duration || (a.Result == ActivityResult.TakenBack && a.EndNs >= duration - Soon)))
                .OrderBy(a => distances.Known(a.Peer) ? distances.Rank(a.Peer) : int.MaxValue)
                .ThenBy(static a => a.StartNs)
                .FirstOrDefault();
            if (inFlight is not null)
            {
                return inFlight;
            }
        }

        return Array.FindLast(byEnd, a => a.EndNs <= duration + Tolerance);
    }

    private void Walk(Activity? activity)
    {
        if (activity is null)
        {
            Add(SegmentKind.Unknown, 0, null);
            return;
        }

        if (activity.EndNs is { } end && end < cursor)
        {
            Add(SegmentKind.End, end, null);
        }

        while (activity is not null && visited.Add(activity))
        {
            AddActivity(activity);
            activity = Before(activity);
        }

        // A trace that contradicts itself (peers that named each other) ends here.
        Add(SegmentKind.Unknown, 0, null);
    }

    /// <summary>What this activity waited for. Null when the walk has reached the start.</summary>
    private Activity? Before(Activity activity)
    {
        var earlier = activities.LastOrDefault(a => a.Peer == activity.Peer && a.Request < activity.Request && !visited.Contains(a));
        if (earlier is { Kind: ActivityKind.Dial } && activity.Request == 0 && HasOwnEnd(earlier) && earlier.EndNs <= activity.StartNs
            && activity.StartNs - earlier.EndNs <= Soon)
        {
            Add(SegmentKind.Between, earlier.EndNs.GetValueOrDefault(), activity.Peer);
            return earlier;
        }

        // Asked again, asked long after its dial, or dialed and asked to store: that waits for the lookup before it, not for the peer to be known.
        var peer = query.Peers[activity.Peer];
        if (earlier is not null || activity.IsStore || (!peer.Requests.IsEmpty && peer.Requests.All(IsStore)))
        {
            return Barrier(activity);
        }

        if (peer.HeardNs is not { } heard)
        {
            Add(SegmentKind.Unknown, 0, null);
            return null;
        }

        AddQueued(activity, Math.Clamp(heard, 0, cursor));
        if (peer.Referrer is { } referrer)
        {
            if (peers.TryGetValue(referrer, out var namer) && Naming(namer, peer.Id, cursor) is { } naming)
            {
                Add(SegmentKind.Between, naming.EndNs.GetValueOrDefault(), activity.Peer);
                return naming;
            }

            Add(SegmentKind.Unknown, 0, null);
            return null;
        }

        // A seed is known from the start. When it was first heard of only after others had answered, the trace hides who named it.
        Add(byEnd.Length > 0 && byEnd[0].EndNs < cursor ? SegmentKind.Unknown : SegmentKind.Start, 0, null);
        return null;
    }

    private static bool IsStore(PeerRequest request) => request.Type is MessageType.PutValue or MessageType.AddProvider;

    private Activity? Barrier(Activity activity)
    {
        var before = Array.FindLast(byEnd, a => a.EndNs <= cursor && !visited.Contains(a));
        Add(before is null ? SegmentKind.Unknown : SegmentKind.Between, before?.EndNs ?? 0, before is null ? null : activity.Peer);
        return before;
    }

    // The answer of the referrer that named the peer: by its list when there is one, else the last that had ended by then.
    private Activity? Naming(int namer, string named, long heard)
    {
        var answers = activities.Where(a => a.Peer == namer && a.Request >= 0 && a.EndNs <= heard + Tolerance && !visited.Contains(a)).ToList();
        return answers.Find(a => query.Peers[namer].Requests[a.Request].Named is { IsDefault: false } names && names.Contains(named, StringComparer.Ordinal))
            ?? answers.FindLast(static a => a.Result is ActivityResult.Done or ActivityResult.Unknown);
    }

    private void AddQueued(Activity activity, long heard)
    {
        var holder = byEnd.Length;
        var start = cursor;
        var linked = true;
        while (cursor > heard)
        {
            // The place that came free last before the cursor, and that the peer can have waited for.
            do
            {
                holder--;
            }
            while (holder >= 0 && (byEnd[holder].EndNs > cursor || byEnd[holder].Peer == activity.Peer || byEnd[holder].EndNs <= byEnd[holder].StartNs));

            if (holder < 0 || byEnd[holder] is not { EndNs: { } end } held || end <= heard)
            {
                break;
            }

            Add(SegmentKind.Queued, end, activity.Peer);

            // Either its place was the one to wait for, or its end is what made the lookup go on, as to the follow-up. What went on then may have
            // been another peer first, whose end made the lookup go on to the next: a chain of ends, each with a start right after it.
            linked = concurrency.Before(end) >= alpha || (linked && start - end <= Soon);
            if (linked)
            {
                Add(SegmentKind.Queued, Math.Max(heard, held.StartNs), activity.Peer, held);
                start = cursor;
            }
        }

        Add(SegmentKind.Queued, heard, activity.Peer);
    }

    private void AddActivity(Activity activity)
    {
        var start = Math.Clamp(activity.StartNs, 0, cursor);
        if (start < cursor)
        {
            segments.Add(new PathSegment
            {
                Kind = KindOf(activity),
                StartNs = start,
                EndNs = cursor,
                PeerId = query.Peers[activity.Peer].Id,
                Result = activity.Result,
                ErrorClass = activity.ErrorClass,
                Message = activity.Message,
            });
            cursor = start;
        }
    }

    private void Add(SegmentKind kind, long from, int? peer, Activity? heldBy = null)
    {
        var start = Math.Clamp(from, 0, cursor);
        if (start == cursor)
        {
            return;
        }

        segments.Add(new PathSegment
        {
            Kind = kind,
            StartNs = start,
            EndNs = cursor,
            PeerId = peer is { } index ? query.Peers[index].Id : null,
            HeldBy = heldBy is null
                ? null
                : new PlaceHolder(query.Peers[heldBy.Peer].Id, KindOf(heldBy), heldBy.Result, heldBy.ErrorClass),
        });
        cursor = start;
    }

    private static SegmentKind KindOf(Activity activity) => activity.Kind switch
    {
        ActivityKind.Dial => SegmentKind.Dial,
        ActivityKind.Request => SegmentKind.Request,
        _ => SegmentKind.DialAndRequest,
    };
}
