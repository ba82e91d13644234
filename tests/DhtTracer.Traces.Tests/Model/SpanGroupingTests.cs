using DhtTracer.TestSupport;

namespace DhtTracer.Traces.Tests.Model;

public sealed class SpanGroupingTests
{
    private static readonly Resource _kubo = new() { Attributes = AttributeList.Of(("service.name", "kubo")) };
    private static readonly Resource _js = new() { Attributes = AttributeList.Of(("service.name", "js")) };
    private static readonly InstrumentationScope _dht = new() { Name = "dht" };
    private static readonly InstrumentationScope _http = new() { Name = "http" };

    [Fact]
    public void Groups_and_spans_keep_their_order_and_equal_resources_are_one_group()
    {
        // The copies are equal in value and other objects.
        Span[] spans =
        [
            Make(1, _kubo, _http),
            Make(2, _js, _dht),
            Make(3, _kubo with { }, _dht),
            Make(4, _kubo, _http with { }),
            Make(5, _js with { DroppedAttributesCount = 1 }, _dht),
            Make(6, _js, _dht),
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
