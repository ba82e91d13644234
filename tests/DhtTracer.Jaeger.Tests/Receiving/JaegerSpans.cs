using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Tests.Receiving;

/// <summary>A trace that every Jaeger protocol can say whole: times are whole microseconds, tags are strings and numbers.</summary>
internal static class JaegerSpans
{
    public static TraceId Id { get; } = new(0x0123456789abcdef, 0xfedcba9876543210);

    public static IReadOnlyList<Span> Trace { get; } = Make();

    private static List<Span> Make()
    {
        var resource = new Resource
        {
            Attributes = AttributeList.Of(("service.name", new StringValue("kubo")), ("host.name", new StringValue("alpha"))),
        };
        return
        [
            new Span
            {
                TraceId = Id,
                SpanId = new SpanId(1),
                Name = "lookup",
                StartUnixNano = 1_795_000_000_000_001_000,
                EndUnixNano = 1_795_000_000_500_001_000,
                Flags = 1,
                Resource = resource,
                Scope = InstrumentationScope.Empty,
                Attributes = AttributeList.Of(("key", new StringValue("Qm…"))),
            },
            new Span
            {
                TraceId = Id,
                SpanId = new SpanId(2),
                ParentSpanId = new SpanId(1),
                Name = "request",
                StartUnixNano = 1_795_000_000_100_000_000,
                EndUnixNano = 1_795_000_000_200_000_000,
                Flags = 1,
                Resource = resource,
                Scope = InstrumentationScope.Empty,
                Attributes = AttributeList.Of(("attempt", new IntValue(3))),
                Events = [new SpanEvent { Name = "dialed", TimeUnixNano = 1_795_000_000_150_000_000 }],
            },
        ];
    }
}
