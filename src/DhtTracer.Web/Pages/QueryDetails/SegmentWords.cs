using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>Parts of the critical path in words, and the classes that colour them.</summary>
internal static class SegmentWords
{
    /// <summary>What the query waited for.</summary>
    public static string Of(PathSegment segment) =>
        segment.Kind switch
        {
            SegmentKind.Start => "before the first peer was asked",
            SegmentKind.Queued => "a known peer was not asked, the trace does not tell why",
            SegmentKind.Dial => OfDial(segment.Result),
            SegmentKind.Between => "the node itself, between two steps",
            SegmentKind.Request => OfRequest(segment),
            SegmentKind.DialAndRequest when segment.Result == ActivityResult.Unknown => "dialed and asked, no answer seen",
            SegmentKind.DialAndRequest => "dialed and asked",
            SegmentKind.End => "until the end",
            _ => "the trace does not tell",
        };

    /// <summary>The same with its duration, for a hover.</summary>
    public static string WithDuration(PathSegment segment) => $"{Of(segment)} {DurationText.Of(segment.DurationNs)}";

    /// <summary>The classes of its bar.</summary>
    public static string Class(PathSegment segment) =>
        $"g-{Words.Of(segment.Kind)}{(segment.Result == ActivityResult.Failed ? " bad-part" : "")}";

    private static string OfDial(ActivityResult? result) =>
        result switch
        {
            ActivityResult.Failed => "dial failed",
            ActivityResult.TakenBack => "dial, still under way at the end",
            _ => "dial",
        };

    private static string OfRequest(PathSegment segment) =>
        segment.Result switch
        {
            ActivityResult.Failed => "request failed",
            ActivityResult.TakenBack => "request, still under way at the end",
            ActivityResult.Unknown => "request, no answer seen",
            _ when segment.Message is MessageType.AddProvider => "record sent",
            _ when segment.Message is MessageType.PutValue => "record stored",
            _ => "request answered",
        };
}
