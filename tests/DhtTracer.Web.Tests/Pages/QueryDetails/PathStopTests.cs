using System.Collections.Immutable;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Explain;
using DhtTracer.Web.Pages.QueryDetails;

namespace DhtTracer.Web.Tests.Pages.QueryDetails;

public sealed class PathStopTests
{
    // A: start 10, dialed 10 to 30, between until 31, asked until 60. B: queued behind C until 160 and D until 170, asked until 400, failed. End at 410.
    private static readonly CriticalPath Path = new()
    {
        Segments = ImmutableArray.Create(
            Part(SegmentKind.Start, 0, 10, null),
            Part(SegmentKind.Dial, 10, 30, "A") with { Result = ActivityResult.Done },
            Part(SegmentKind.Between, 30, 31, "A"),
            Part(SegmentKind.Request, 31, 60, "A") with { Result = ActivityResult.Done },
            Part(SegmentKind.Queued, 60, 110, "B") with { HeldBy = new PlaceHolder("C", SegmentKind.Request, ActivityResult.Done, null) },
            Part(SegmentKind.Queued, 110, 120, "B") with { HeldBy = new PlaceHolder("D", SegmentKind.Dial, ActivityResult.Failed, ErrorClass.DialTimeout) },
            Part(SegmentKind.Queued, 120, 170, "B") with { HeldBy = new PlaceHolder("C", SegmentKind.Request, ActivityResult.Done, null) },
            Part(SegmentKind.Request, 170, 400, "B") with { Result = ActivityResult.Failed, ErrorClass = ErrorClass.RequestTimeout },
            Part(SegmentKind.End, 400, 410, null)),
        Peers = ["A", "B"],
        AlphaObserved = false,
    };

    [Fact]
    public void A_line_is_a_peer_and_its_columns_sum_to_what_it_took()
    {
        var stops = PathStop.Of(Path);
        Assert.Equal([null, "A", "B", null], stops.Select(stop => stop.PeerId));
        Assert.Equal([(0L, 10L), (10, 50), (60, 340), (400, 10)], stops.Select(stop => (stop.StartNs, stop.DurationNs)));
        Assert.Equal([(0L, 0L, 0L, 10L), (0, 20, 29, 1), (110, 0, 230, 0), (0, 0, 0, 10)], stops.Select(stop => (stop.QueuedNs, stop.DialNs, stop.RequestNs, stop.OtherNs)));
        Assert.Equal(410, stops.Sum(stop => stop.DurationNs));
    }

    [Fact]
    public void A_line_says_behind_whom_it_waited_longest_first_and_how_it_failed()
    {
        var stop = PathStop.Of(Path)[2];
        Assert.Equal(["C", "D"], stop.Holders.Select(holder => holder.PeerId));
        Assert.Equal(ErrorClass.RequestTimeout, stop.ErrorClass);
        Assert.Null(PathStop.Of(Path)[1].ErrorClass);
    }

    [Fact]
    public void A_peer_that_comes_again_later_is_a_line_of_its_own()
    {
        var path = Path with { Segments = [Part(SegmentKind.Request, 0, 5, "A"), Part(SegmentKind.Request, 5, 7, "B"), Part(SegmentKind.Request, 7, 9, "A")] };
        Assert.Equal(["A", "B", "A"], PathStop.Of(path).Select(stop => stop.PeerId));
    }

    private static PathSegment Part(SegmentKind kind, long start, long end, string? peer) => new() { Kind = kind, StartNs = start, EndNs = end, PeerId = peer };
}
