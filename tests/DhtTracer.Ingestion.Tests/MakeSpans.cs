using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Tests;

internal static class MakeSpans
{
    public static TraceId Trace(int number) => new(0xABCD, (ulong)number);

    public static Span Span(int trace, int number) =>
        new()
        {
            TraceId = Trace(trace),
            SpanId = new SpanId((ulong)number),
            Name = "op",
            StartUnixNano = 1_700_000_000_000_000_000 + (ulong)number,
            EndUnixNano = 1_700_000_000_000_000_000 + (ulong)number + 5,
            Resource = new Resource { Attributes = AttributeList.Of(("service.name", "test")) },
            Scope = new InstrumentationScope { Name = "scope" },
        };
}
