using DhtTracer.Analysis.Explain;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>
/// A line of the table of the critical path: all that the end waited for at one peer, segments that follow each other in one. The lines sum to
/// the duration of the query, and the columns of a line to its duration. Times in nanoseconds.
/// </summary>
/// <param name="PeerId">The peer; null where no peer belongs to the time.</param>
/// <param name="Segments">The segments, in time order; at least one.</param>
internal sealed record PathStop(string? PeerId, IReadOnlyList<PathSegment> Segments)
{
    /// <summary>Others that are named as holders of a place; more are counted.</summary>
    public const int MostHolders = 3;

    /// <summary>Start, after the start of the query.</summary>
    public long StartNs => Segments[0].StartNs;

    /// <summary>How long.</summary>
    public long DurationNs => Segments.Sum(static segment => segment.DurationNs);

    /// <summary>Of it waiting for its turn.</summary>
    public long QueuedNs => Sum(SegmentKind.Queued);

    /// <summary>Of it dialing.</summary>
    public long DialNs => Sum(SegmentKind.Dial);

    /// <summary>Of it asking, or dialing and asking where the trace does not tell the two apart.</summary>
    public long RequestNs => Sum(SegmentKind.Request) + Sum(SegmentKind.DialAndRequest);

    /// <summary>Of it anything else: before the first peer, between steps, until the end, and what the trace does not explain.</summary>
    public long OtherNs => DurationNs - QueuedNs - DialNs - RequestNs;

    /// <summary>Whose places it waited for, the longest wait first.</summary>
    public IReadOnlyList<PlaceHolder> Holders =>
        [.. Segments.Where(static segment => segment.HeldBy is not null).GroupBy(static segment => segment.HeldBy!.PeerId)
            .OrderByDescending(static group => group.Sum(static segment => segment.DurationNs)).Select(static group => group.First().HeldBy!)];

    /// <summary>How its last dial or request failed; null when it did not.</summary>
    public string? ErrorClass => Segments.LastOrDefault(static segment => segment.Result == ActivityResult.Failed)?.ErrorClass;

    /// <summary>Whether the trace shows no answer of it.</summary>
    public bool IsSilent => Segments.Any(static segment => segment.Result == ActivityResult.Unknown);

    /// <summary>Whether it was still under way when the query ended.</summary>
    public bool IsTakenBack => Segments.Any(static segment => segment.Result == ActivityResult.TakenBack);

    /// <summary>What belongs to no peer, in words.</summary>
    public string What => Segments[0].Kind switch
    {
        SegmentKind.Start => "before the first peer was known",
        SegmentKind.End => "after the last step, until the end",
        _ => "the trace does not tell",
    };

    /// <summary>The lines of a path.</summary>
    public static IReadOnlyList<PathStop> Of(CriticalPath path)
    {
        var stops = new List<PathStop>();
        foreach (var segment in path.Segments)
        {
            if (stops is [.., var last] && last.PeerId == segment.PeerId && segment.PeerId is not null)
            {
                stops[^1] = last with { Segments = [.. last.Segments, segment] };
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
