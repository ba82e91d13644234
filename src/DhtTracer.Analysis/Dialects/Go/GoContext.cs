using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>What stands above a query: the dual DHT, routing helpers, the refresh of the routing table.</summary>
internal sealed class GoContext
{
    public GoContext(TraceSpans trace, GoSpanKind[] kinds, GoQueryParts parts)
    {
        if (parts.Root == TraceSpans.None)
        {
            return;
        }

        foreach (var above in trace.Ancestors(parts.Root))
        {
            if (kinds[above] is GoSpanKind.None or GoSpanKind.Other)
            {
                continue;
            }

            Ancestors.Add(above);
            Outermost = trace[above].SpanId;
            Background |= kinds[above] == GoSpanKind.Background;
        }
    }

    /// <summary>Spans of the DHT above, the nearest first.</summary>
    public List<int> Ancestors { get; } = [];

    /// <summary>The outermost of them; null when there is none.</summary>
    public SpanId? Outermost { get; }

    /// <summary>Whether the node made the query for itself.</summary>
    public bool Background { get; }
}
