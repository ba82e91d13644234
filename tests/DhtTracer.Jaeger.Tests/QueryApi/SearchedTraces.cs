using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>Three small traces, of which each condition of a search picks other ones.</summary>
internal static class SearchedTraces
{
    /// <summary>Start of trace 1, in nanoseconds since 1970-01-01 UTC: 2026-11-18.</summary>
    public const ulong Start = 1_795_000_000_000_000_000;

    private static readonly Resource Kubo = new()
    {
        Attributes = AttributeList.Of(("service.name", new StringValue("kubo")), ("host.name", new StringValue("alpha"))),
    };

    /// <summary>Trace 1 of 25 spans, one far outside; trace 2 of one slow client span; trace 3, later, whose root never came.</summary>
    public static List<Span> ThreeTraces()
    {
        var spans = new List<Span>
        {
            Make(1, 1, "lookup", Start, 1_000_000) with
            {
                Events = [new SpanEvent { Name = "dialed", TimeUnixNano = Start }],
            },
            Make(1, 2, "ask", Start + 500_000_000, 1_000_000, ("attempt", new IntValue(7))) with
            {
                ParentSpanId = new SpanId(1),
            },
            Make(2, 1, "dial", Start + 1_000_000_000, 5_000_000) with
            {
                Kind = SpanKind.Client,
            },
            Make(3, 1, "ask", Start + 2_000_000_000, 1_000_000) with
            {
                ParentSpanId = new SpanId(77),
            },
            Make(3, 2, "fail", Start + 2_000_000_000, 500_000) with
            {
                ParentSpanId = new SpanId(77),
                Status = new SpanStatus(StatusCode.Error),
            },
        };
        spans.AddRange(
            Enumerable.Range(3, 23).Select(i => Make(1, (ulong)i, "step", Start - 1_000_000, 10) with { ParentSpanId = new SpanId(1) })
        );

        return spans;
    }

    /// <summary>A span of the service "kubo" on the host "alpha"; the duration is in nanoseconds.</summary>
    public static Span Make(
        ulong trace,
        ulong id,
        string name,
        ulong start,
        ulong duration,
        params (string Key, AttributeValue Value)[] attributes
    ) =>
        new()
        {
            TraceId = new TraceId(0, trace),
            SpanId = new SpanId(id),
            Name = name,
            StartUnixNano = start,
            EndUnixNano = start + duration,
            Attributes = AttributeList.Of(attributes),
            Resource = Kubo,
            Scope = InstrumentationScope.Empty,
        };
}
