using DhtTracer.Analysis.Explain;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>A line of the table of the critical path: segments that follow each other and say the same are one.</summary>
/// <param name="Segment">The first of them.</param>
/// <param name="DurationNs">All of them together, in nanoseconds.</param>
internal sealed record PathStep(PathSegment Segment, long DurationNs)
{
    /// <summary>The lines of a path. Their durations sum to that of the query, as those of the segments do.</summary>
    public static IReadOnlyList<PathStep> Of(CriticalPath path)
    {
        var steps = new List<PathStep>();
        foreach (var segment in path.Segments)
        {
            if (steps is [.., var last] && SaysTheSame(last.Segment, segment))
            {
                steps[^1] = last with { DurationNs = last.DurationNs + segment.DurationNs };
            }
            else
            {
                steps.Add(new PathStep(segment, segment.DurationNs));
            }
        }

        return steps;
    }

    // Two dials or two requests stay two, even to one peer.
    private static bool SaysTheSame(PathSegment a, PathSegment b) =>
        a.Kind == b.Kind
        && a.Phase == b.Phase
        && a.Kind is SegmentKind.Queued or SegmentKind.Between or SegmentKind.Unknown
        && a.PeerId == b.PeerId
        && a.QueuedPeerId == b.QueuedPeerId;
}
