using DhtTracer.Jaeger.Proto.V3;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>What a search list shows of a trace, as api_v3 has it over gRPC and HTTP.</summary>
internal static class TraceSummaries
{
    /// <summary>The summary of a trace of at least one span.</summary>
    public static TraceSummary Of(IReadOnlyList<Span> trace)
    {
        var ids = trace.Select(span => span.SpanId).ToHashSet();
        var root = trace.Where(span => span.ParentSpanId.IsZero).MinBy(span => span.StartUnixNano);
        return new TraceSummary
        {
            TraceId = trace[0].TraceId.ToString(),
            RootServiceName = root?.Resource.ServiceName ?? "",
            RootOperationName = root?.Name ?? "",
            MinStartTimeUnixNano = trace.Min(span => span.StartUnixNano),
            MaxEndTimeUnixNano = trace.Max(span => Math.Max(span.StartUnixNano, span.EndUnixNano)),
            SpanCount = trace.Count,
            ErrorSpanCount = Errors(trace),
            OrphanSpanCount = trace.Count(span => !span.ParentSpanId.IsZero && !ids.Contains(span.ParentSpanId)),
            Services =
            {
                trace
                    .GroupBy(span => span.Resource.ServiceName ?? "")
                    .OrderBy(group => group.Key, StringComparer.Ordinal)
                    .Select(group => new ServiceSummary
                    {
                        Name = group.Key,
                        SpanCount = group.Count(),
                        ErrorSpanCount = Errors(group),
                    }),
            },
        };
    }

    private static int Errors(IEnumerable<Span> spans) => spans.Count(span => span.Status?.Code == StatusCode.Error);
}
