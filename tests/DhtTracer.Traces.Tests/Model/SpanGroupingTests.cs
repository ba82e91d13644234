using DhtTracer.TestSupport;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Tests.Model;

public sealed class SpanGroupingTests
{
    private static readonly Resource Kubo = new() { Attributes = AttributeList.Of(("service.name", "kubo")) };
    private static readonly Resource Js = new() { Attributes = AttributeList.Of(("service.name", "js")) };
    private static readonly InstrumentationScope Dht = new() { Name = "dht" };
    private static readonly InstrumentationScope Http = new() { Name = "http" };

    [Fact]
    public void Groups_and_spans_keep_their_order_and_equal_resources_are_one_group()
    {
        // The copies are equal in value and other objects.
        Span[] spans =
        [
            Make(1, Kubo, Http),
            Make(2, Js, Dht),
            Make(3, Kubo with { }, Dht),
            Make(4, Kubo, Http with { }),
            Make(5, Js with { DroppedAttributesCount = 1 }, Dht),
            Make(6, Js, Dht),
        ];
        var groups = SpanGrouping.ByResourceAndScope(spans);
        Assert.Equal(
            ["kubo/http:1,4", "kubo/dht:3", "js/dht:2,6", "js/dht:5"],
            groups.SelectMany(group =>
                group.Scopes.Select(scope =>
                    $"{group.Resource.ServiceName}/{scope.Scope.Name}:{string.Join(',', scope.Spans.Select(span => span.SpanId.Value))}"
                )
            )
        );
        Assert.Equal(3, groups.Count);
    }

    [Fact]
    public void No_span_is_lost_or_doubled()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var spans = ArbitrarySpans.Spans(seed, 40);
            var grouped = SpanGrouping.ByResourceAndScope(spans).SelectMany(group => group.Scopes).SelectMany(scope => scope.Spans);
            Assert.Equal(spans.OrderBy(span => span.SpanId), grouped.OrderBy(span => span.SpanId));
        }
    }

    private static Span Make(ulong id, Resource resource, InstrumentationScope scope) =>
        new()
        {
            TraceId = new TraceId(0, 1),
            SpanId = new SpanId(id),
            Resource = resource,
            Scope = scope,
        };
}
