using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage.Contract;

/// <summary>Spans and queries made by hand: what the store is to keep is known without asking it.</summary>
public static class Make
{
    public const ulong Start = 1_700_000_000_000_000_000;

    public static readonly Resource Kubo = new() { Attributes = AttributeList.Of(("service.name", "kubo")) };

    public static readonly InstrumentationScope Scope = new() { Name = "test" };

    public static TraceId Trace(int number) => new(0x0102030405060708, (ulong)number);

    public static Span Span(TraceId trace, int number, string name = "op", ulong start = Start, ulong durationNs = 1_000_000) =>
        new()
        {
            TraceId = trace,
            SpanId = new SpanId((ulong)number),
            Name = name,
            Kind = SpanKind.Internal,
            StartUnixNano = start,
            EndUnixNano = start + durationNs,
            Resource = Kubo,
            Scope = Scope,
        };

    public static TraceChunk Chunk(params Span[] spans) => new(spans[0].TraceId, OtlpProtobuf.Encode(spans), spans.Length);

    /// <summary>One query per trace, rooted at its earliest span: enough to test what the store does with queries.</summary>
    public static ReconstructedTrace OneQuery(IReadOnlyList<Span> spans) =>
        ReconstructedTrace.Of(
            spans.Count == 0 ? [] : [Query(spans[0].TraceId, spans[0].SpanId) with { StartUnixNano = spans[0].StartUnixNano }]
        );

    public static Query Query(TraceId trace, SpanId root) =>
        new()
        {
            Id = new QueryId(trace, root),
            OperationId = new QueryId(trace, root),
            Type = QueryType.FindPeer,
            Source = TraceSource.GoKadDht,
            Service = "kubo",
            StartUnixNano = Start,
            Outcome = QueryOutcome.Success,
        };

    /// <summary>Stores a trace and saves these queries as its analysis.</summary>
    public static async Task SaveAsync(TraceStore store, TraceId trace, params Query[] queries)
    {
        if (await store.LoadAsync(trace) is null)
        {
            await store.AppendAsync([Chunk(Span(trace, 1))]);
        }

        Assert.True(await AnalyseAsync(store, trace, queries));
    }

    public static async Task<bool> AnalyseAsync(TraceStore store, TraceId trace, params Query[] queries)
    {
        var content = await store.LoadAsync(trace) ?? throw new InvalidOperationException("The trace is not there.");
        var spans = SpanMerge.Merge(OtlpProtobuf.Decode(content.Otlp));
        var saved = await store.SaveAnalysesAsync([
            new TraceAnalysis
            {
                Content = content,
                Otlp = content.Otlp,
                Spans = spans,
                Found = ReconstructedTrace.Of(queries),
                Version = AnalysisVersion.Current,
            },
        ]);
        return saved[0];
    }
}
