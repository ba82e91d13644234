using DhtTracer.Analysis.Explain;
using DhtTracer.Web.Pages.QueryDetails;

namespace DhtTracer.Web.Tests.Pages.QueryDetails;

public sealed class PathStepTests
{
    [Fact]
    public void Waits_that_say_the_same_are_one_line_and_all_lines_sum_to_the_path()
    {
        const string waiting = "H";
        var path = Path(
            (SegmentKind.Queued, "A", null),
            (SegmentKind.Queued, "A", null),
            (SegmentKind.Queued, "A", waiting),
            (SegmentKind.Queued, "B", null),
            (SegmentKind.Request, "B", null),
            (SegmentKind.Request, "B", null),
            (SegmentKind.Between, "B", null),
            (SegmentKind.Between, "B", null)
        );

        var steps = PathStep.Of(path);

        Assert.Equal([3, 3, 4, 5, 6, 15], steps.Select(step => step.DurationNs));
        Assert.Equal([0, 3, 6, 10, 15, 21], steps.Select(step => step.Segment.StartNs));
        Assert.Equal(path.Segments[^1].EndNs, steps.Sum(step => step.DurationNs));
    }

    // Segments of 1, 2, 3... nanoseconds.
    private static CriticalPath Path(params (SegmentKind Kind, string Peer, string? Queued)[] parts) =>
        new()
        {
            Segments =
            [
                .. parts.Select(
                    (part, i) =>
                        new PathSegment
                        {
                            Kind = part.Kind,
                            PeerId = part.Peer,
                            Phase = PathPhase.Own,
                            QueuedPeerId = part.Queued,
                            StartNs = i * (i + 1) / 2,
                            EndNs = (i + 1) * (i + 2) / 2,
                        }
                ),
            ],
            Peers = ["A", "B"],
            AlphaObserved = false,
        };
}
