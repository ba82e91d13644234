using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>What of the DHT stands above a query, within its operation: the dual DHT, routing helpers. They can tell the key.</summary>
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
            if (kinds[above] == GoSpanKind.Message)
            {
                // What is above a request is another operation, with another key.
                break;
            }

            if (kinds[above] is not (GoSpanKind.None or GoSpanKind.Other or GoSpanKind.Background))
            {
                Ancestors.Add(above);
            }
        }
    }

    /// <summary>Spans of the DHT above, the nearest first.</summary>
    public List<int> Ancestors { get; } = [];
}
