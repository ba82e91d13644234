using System.Collections.Immutable;
using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>Where spans become queries.</summary>
public static class QueryReconstruction
{
    private static readonly ImmutableArray<IDialect> Dialects = [new NativeDialect(), new GoKadDhtDialect(), new JsLibp2pDialect(), new EventLog2019Dialect()];

    /// <summary>The queries of one trace, by start and then by id. Pure: order, batches and repetitions of the spans do not matter.</summary>
    /// <param name="spansOfOneTrace">All spans known of one trace.</param>
    /// <exception cref="ArgumentException">The spans belong to several traces.</exception>
    public static ImmutableArray<Query> Reconstruct(IReadOnlyList<Span> spansOfOneTrace)
    {
        var trace = new TraceSpans(SpanMerge.Merge(spansOfOneTrace));
        var queries = ImmutableArray.CreateBuilder<Query>();
        foreach (var dialect in Dialects)
        {
            dialect.Reconstruct(trace, queries);
        }

        queries.Sort(static (left, right) => left.StartUnixNano != right.StartUnixNano
            ? left.StartUnixNano.CompareTo(right.StartUnixNano)
            : left.Id.SpanId.CompareTo(right.Id.SpanId));
        return queries.ToImmutable();
    }
}
