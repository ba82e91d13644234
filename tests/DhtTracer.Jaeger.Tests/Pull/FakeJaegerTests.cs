using DhtTracer.FakeJaeger;
using DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>The fake is only worth something while it behaves as the real releases were seen to.</summary>
public class FakeJaegerTests
{
    private const long Start = 1_795_000_000_000_000_000;

    [Fact]
    public void V1_60_hands_out_the_newest_by_start_of_the_first_stored_span_oldest_first()
    {
        var archive = Archive(JaegerRelease.V1_60, 5, arrival: [3, 1, 4, 0, 2]);
        Assert.Equal([2, 3, 4], Numbers(archive.Search(new FakeSearch("kubo", null, null, 3))));
    }

    [Fact]
    public void V2_10_hands_out_the_newest_by_arrival_newest_first()
    {
        var archive = Archive(JaegerRelease.V2_10, 5, arrival: [3, 1, 4, 0, 2]);
        Assert.Equal([2, 0, 4], Numbers(archive.Search(new FakeSearch("kubo", null, null, 3))));
    }

    [Theory]
    [InlineData(JaegerRelease.V1_60, 0, 5)]
    [InlineData(JaegerRelease.V1_60, -1, 5)]
    [InlineData(JaegerRelease.V1_60, 1000, 5)]
    [InlineData(JaegerRelease.V2_10, 10, 5)]
    public void A_depth_that_the_release_takes_is_not_an_error(JaegerRelease release, int depth, int expected) =>
        Assert.Equal(expected, Archive(release, 5, [0, 1, 2, 3, 4]).Search(new FakeSearch("kubo", null, null, depth)).Count);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(11)]
    public void V2_10_refuses_depths_outside_its_ring(int depth) =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Archive(JaegerRelease.V2_10, 5, [0, 1, 2, 3, 4]).Search(new FakeSearch("kubo", null, null, depth))
        );

    [Theory]
    [InlineData(JaegerRelease.V1_60, 0)]
    [InlineData(JaegerRelease.V2_10, 5)]
    public void An_empty_service_matches_none_or_all(JaegerRelease release, int expected) =>
        Assert.Equal(expected, Archive(release, 5, [0, 1, 2, 3, 4]).Search(new FakeSearch("", null, null, 10)).Count);

    [Fact]
    public void Both_bounds_count_to_the_nanosecond()
    {
        var archive = Archive(JaegerRelease.V2_10, 3, [0, 1, 2]);
        Assert.Equal([1], Numbers(archive.Search(new FakeSearch("kubo", Start + 1_000, Start + 1_000, 10))));
        Assert.Empty(archive.Search(new FakeSearch("kubo", Start + 1_001, Start + 1_999, 10)));
        Assert.Empty(archive.Search(new FakeSearch("kubo", Start + 2_000, Start, 10)));
    }

    [Fact]
    public void The_ring_drops_by_first_arrival_and_a_late_span_makes_a_partial_trace()
    {
        var archive = Archive(JaegerRelease.V2_10, 12, [.. Enumerable.Range(0, 12)]);
        Assert.Equal(2, archive.Evicted);
        var late = FakeSpan(0);
        late.SpanId = Google.Protobuf.ByteString.CopyFrom(9, 9, 9, 9, 9, 9, 9, 9);
        archive.Write([late]);
        Assert.Equal(late, Assert.Single(archive.Trace(late.TraceId)!));
    }

    private static FakeArchive Archive(JaegerRelease release, int count, int[] arrival)
    {
        var archive = new FakeArchive(new FakeJaegerOptions { Release = release, RingSize = 10 });
        archive.Write(arrival.Take(count).Select(FakeSpan));
        return archive;
    }

    private static Span FakeSpan(int number) =>
        new()
        {
            TraceId = Google.Protobuf.ByteString.CopyFrom([.. new byte[15], (byte)(number + 1)]),
            SpanId = Google.Protobuf.ByteString.CopyFrom([.. new byte[7], 1]),
            OperationName = "lookup",
            StartTime = JaegerTime.Timestamp(Start + (number * 1000)),
            Duration = JaegerTime.Duration(1),
            Process = new Process { ServiceName = "kubo" },
        };

    private static List<int> Numbers(IEnumerable<IReadOnlyList<Span>> traces) => [.. traces.Select(trace => trace[0].TraceId[15] - 1)];
}
