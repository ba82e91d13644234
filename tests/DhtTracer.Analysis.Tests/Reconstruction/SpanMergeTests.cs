using DhtTracer.Analysis.Reconstruction;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Reconstruction;

public class SpanMergeTests
{
    private static readonly Span Whole = new()
    {
        TraceId = new TraceId(1, 1),
        SpanId = new SpanId(1),
        StartUnixNano = 1_000_000_123,
        EndUnixNano = 2_000_000_456,
        Attributes = AttributeList.Of(("a", "1"), ("b", "2")),
        Resource = Resource.Empty,
        Scope = InstrumentationScope.Empty,
    };

    public static TheoryData<string> Lesser => ["un-ended", "truncated", "fewer attributes", "fewer events"];

    [Theory]
    [MemberData(nameof(Lesser))]
    public void The_version_that_tells_more_wins_whichever_came_first(string how)
    {
        var better = how == "fewer events" ? Whole with { Events = [new SpanEvent { Name = "e" }] } : Whole;
        var lesser = how switch
        {
            "un-ended" => Whole with { EndUnixNano = 0, Attributes = AttributeList.Of(("a", "1"), ("b", "2"), ("c", "3")) },
            "truncated" => Whole with
            {
                StartUnixNano = 1_000_000_000,
                EndUnixNano = 2_000_000_000,
                Attributes = AttributeList.Of(("a", "1"), ("b", "2"), ("c", "3")),
            },
            "fewer attributes" => Whole with { Attributes = AttributeList.Of(("z", "9")) },
            _ => Whole,
        };

        Assert.Same(better, Assert.Single(SpanMerge.Merge([better, lesser])));
        Assert.Same(better, Assert.Single(SpanMerge.Merge([lesser, better])));
    }

    [Fact]
    public void Equal_rank_is_decided_by_content_and_not_by_order()
    {
        Span[] versions =
        [
            Whole,
            Whole with
            {
                Name = "x",
            },
            Whole with
            {
                Flags = 1,
            },
            Whole with
            {
                Attributes = AttributeList.Of(("a", 1), ("b", "2")),
            },
            Whole with
            {
                Status = new SpanStatus(StatusCode.Ok),
            },
            Whole with
            {
                TraceState = "k=v",
            },
            Whole with
            {
                EndUnixNano = 2_000_000_457,
            },
            Whole with
            {
                Resource = new Resource { Attributes = AttributeList.Of(("service.name", "s")) },
            },
        ];
        var winner = Assert.Single(SpanMerge.Merge(versions));

        for (var seed = 0; seed < 50; seed++)
        {
            var shuffled = versions.ToArray();
            new Random(seed).Shuffle(shuffled);
            Assert.Same(winner, Assert.Single(SpanMerge.Merge(shuffled)));
        }
    }

    [Fact]
    public void Spans_with_one_id_in_two_traces_are_two_spans() =>
        Assert.Equal(2, SpanMerge.Merge([Whole, Whole with { TraceId = new TraceId(1, 2) }]).Length);

    [Fact]
    public void Merging_twice_changes_nothing()
    {
        var spans = new KuboTraceSimulator(1).Simulate(new KuboScenario()).Spans;

        Assert.Equal(SpanMerge.Merge(spans), SpanMerge.Merge(SpanMerge.Merge(spans).Concat(spans)));
    }
}
