using DhtTracer.TestSupport;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Tests.Model;

public sealed class SpanTests
{
    [Fact]
    public void Spans_made_alike_are_equal_and_have_one_hash()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var spans = ArbitrarySpans.Spans(seed);
            Assert.Equal(spans, ArbitrarySpans.Spans(seed));
            Assert.Equal(spans.Select(span => span.GetHashCode()), ArbitrarySpans.Spans(seed).Select(span => span.GetHashCode()));
        }
    }

    [Fact]
    public void A_difference_in_any_field_makes_spans_unequal()
    {
        var span = new Span
        {
            TraceId = new TraceId(0, 1),
            SpanId = new SpanId(2),
            Resource = Resource.Empty,
            Scope = InstrumentationScope.Empty,
            Events = [new SpanEvent { Name = "a", Attributes = AttributeList.Of(("k", new BytesValue([1]))) }],
            Links = [new SpanLink { SpanId = new SpanId(9) }],
        };
        Span[] others =
        [
            span with
            {
                TraceId = new TraceId(1, 1),
            },
            span with
            {
                SpanId = new SpanId(3),
            },
            span with
            {
                ParentSpanId = new SpanId(3),
            },
            span with
            {
                Name = "n",
            },
            span with
            {
                Kind = SpanKind.Client,
            },
            span with
            {
                StartUnixNano = 1,
            },
            span with
            {
                EndUnixNano = 1,
            },
            span with
            {
                Attributes = AttributeList.Of(("k", 1L)),
            },
            span with
            {
                Events = [new SpanEvent { Name = "a", Attributes = AttributeList.Of(("k", new BytesValue([2]))) }],
            },
            span with
            {
                Events = [],
            },
            span with
            {
                Links = [new SpanLink { SpanId = new SpanId(8) }],
            },
            span with
            {
                Status = new SpanStatus(StatusCode.Unset),
            },
            span with
            {
                TraceState = "a=b",
            },
            span with
            {
                Flags = 1,
            },
            span with
            {
                DroppedAttributesCount = 1,
            },
            span with
            {
                DroppedEventsCount = 1,
            },
            span with
            {
                DroppedLinksCount = 1,
            },
            span with
            {
                Resource = new Resource { SchemaUrl = "s" },
            },
            span with
            {
                Scope = new InstrumentationScope { Version = "1" },
            },
        ];
        Assert.All(others, other => Assert.NotEqual(span, other));
        Assert.Equal(span, span with { Events = [.. span.Events], Links = [.. span.Links] });
    }
}
