using DhtTracer.Analysis.Explain;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>
/// A line of the table of the critical path: all that the query waited for one peer, segments that follow each other in one. The lines add
/// up to the duration of the query, and the columns of a line to its duration. Times in nanoseconds.
/// </summary>
/// <param name="PeerId">The peer that was waited for; null where no peer was.</param>
/// <param name="Segments">The segments, in time order; at least one.</param>
internal sealed record PathStop(string? PeerId, IReadOnlyList<PathSegment> Segments)
{
    /// <summary>Peers in the queue that are named; more are counted.</summary>
    public const int MostQueued = 3;

    /// <summary>Start, after the start of the query.</summary>
    public long StartNs => Segments[0].StartNs;

    /// <summary>How long.</summary>
    public long DurationNs => Segments.Sum(static segment => segment.DurationNs);

    /// <summary>The part of it spent on a dial.</summary>
    public long DialNs => Sum(SegmentKind.Dial);

    /// <summary>The part of it spent on a request, or on both where the trace does not tell the two apart.</summary>
    public long RequestNs => Sum(SegmentKind.Request) + Sum(SegmentKind.DialAndRequest);

    /// <summary>The rest of it: the node's own work, and what the trace does not explain.</summary>
    public long OtherNs => DurationNs - DialNs - RequestNs;

    /// <summary>Peers that were known meanwhile and waited for their turn.</summary>
    public IReadOnlyList<string> Queued =>
        [.. Segments.Select(static segment => segment.QueuedPeerId).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>The phase in which most of it lies.</summary>
    public PathPhase Phase =>
        Segments.GroupBy(static segment => segment.Phase).MaxBy(static group => group.Sum(static segment => segment.DurationNs))!.Key;

    /// <summary>How its last dial or request failed; null when it did not.</summary>
    public string? ErrorClass => Segments.LastOrDefault(static segment => segment.Result == ActivityResult.Failed)?.ErrorClass;

    /// <summary>Whether the trace shows no answer of it.</summary>
    public bool IsSilent => Segments.Any(static segment => segment.Result == ActivityResult.Unknown);

    /// <summary>Whether it was still under way when the query ended.</summary>
    public bool IsTakenBack => Segments.Any(static segment => segment.Result == ActivityResult.TakenBack);

    /// <summary>What belongs to no peer, in words.</summary>
    public string What =>
        Segments[0].Kind switch
        {
            SegmentKind.Start => "before the first peer was asked",
            SegmentKind.End => "after the last step, until the end",
            SegmentKind.Between => "the node itself, between two steps",
            SegmentKind.Queued => "a known peer was not asked, the trace does not tell why",
            _ => "the trace does not tell",
        };

    /// <summary>The lines of a path. The node's own time between two parts of one peer belongs to that peer's line.</summary>
    public static IReadOnlyList<PathStop> Of(CriticalPath path)
    {
        var stops = new List<PathStop>();
        for (var i = 0; i < path.Segments.Length; i++)
        {
            var segment = path.Segments[i];
            var within =
                stops.Count > 0
                && stops[^1].PeerId is { } peer
                && (
                    segment.PeerId == peer
                    || (segment.Kind == SegmentKind.Between && i + 1 < path.Segments.Length && path.Segments[i + 1].PeerId == peer)
                );
            if (within)
            {
                stops[^1] = stops[^1] with { Segments = [.. stops[^1].Segments, segment] };
            }
            else
            {
                stops.Add(new PathStop(segment.PeerId, [segment]));
            }
        }

        return stops;
    }

    private long Sum(SegmentKind kind) => Segments.Where(segment => segment.Kind == kind).Sum(static segment => segment.DurationNs);
}
