using System.Collections.Immutable;
using DhtTracer.Analysis.Explain;
using DhtTracer.Web.Pages.QueryDetails;

namespace DhtTracer.Web.Tests.Pages.QueryDetails;

public sealed class PathStopTests
{
    // Start 10, A: dialed 10 to 30, between until 31, asked until 60. C: asked until 160, and D dialed until 170, while B was in the queue.
    // B: asked until 400, failed. End at 410.
    private static readonly CriticalPath Path = new()
    {
        Segments = ImmutableArray.Create(
            Part(SegmentKind.Start, 0, 10, null),
            Part(SegmentKind.Dial, 10, 30, "A") with
            {
                Result = ActivityResult.Done,
            },
            Part(SegmentKind.Between, 30, 31, null),
            Part(SegmentKind.Request, 31, 60, "A") with
            {
                Result = ActivityResult.Done,
            },
            Part(SegmentKind.Request, 60, 160, "C") with
            {
                Result = ActivityResult.Done,
                QueuedPeerId = "B",
            },
            Part(SegmentKind.Dial, 160, 170, "D") with
            {
                Result = ActivityResult.Failed,
                ErrorClass = ErrorClass.DialTimeout,
                QueuedPeerId = "B",
            },
            Part(SegmentKind.Request, 170, 400, "B") with
            {
                Result = ActivityResult.Failed,
                ErrorClass = ErrorClass.RequestTimeout,
            },
            Part(SegmentKind.End, 400, 410, null)
        ),
        Peers = ["A", "C", "D", "B"],
        AlphaObserved = false,
    };

    [Fact]
    public void A_line_is_a_peer_that_was_waited_for_and_its_columns_add_up_to_what_it_took()
    {
        var stops = PathStop.Of(Path);
        Assert.Equal([null, "A", "C", "D", "B", null], stops.Select(stop => stop.PeerId));
        Assert.Equal(
            [(0L, 10L), (10, 50), (60, 100), (160, 10), (170, 230), (400, 10)],
            stops.Select(stop => (stop.StartNs, stop.DurationNs))
        );
        Assert.Equal(
            [(0L, 0L, 10L), (20, 29, 1), (0, 100, 0), (10, 0, 0), (0, 230, 0), (0, 0, 10)],
            stops.Select(stop => (stop.DialNs, stop.RequestNs, stop.OtherNs))
        );
        Assert.Equal(410, stops.Sum(stop => stop.DurationNs));
    }

    [Fact]
    public void A_line_says_who_stood_in_the_queue_meanwhile_and_how_the_peer_failed()
    {
        var stops = PathStop.Of(Path);
        Assert.Equal(["B"], stops[2].Queued);
        Assert.Equal(ErrorClass.DialTimeout, stops[3].ErrorClass);
        Assert.Null(stops[1].ErrorClass);
        Assert.Empty(stops[4].Queued);
    }

    [Fact]
    public void A_peer_that_comes_again_later_is_a_line_of_its_own()
    {
        var path = Path with
        {
            Segments = [Part(SegmentKind.Request, 0, 5, "A"), Part(SegmentKind.Request, 5, 7, "B"), Part(SegmentKind.Request, 7, 9, "A")],
        };
        Assert.Equal(["A", "B", "A"], PathStop.Of(path).Select(stop => stop.PeerId));
    }

    private static PathSegment Part(SegmentKind kind, long start, long end, string? peer) =>
        new()
        {
            Kind = kind,
            Phase = PathPhase.Requests,
            StartNs = start,
            EndNs = end,
            PeerId = peer,
        };
}
