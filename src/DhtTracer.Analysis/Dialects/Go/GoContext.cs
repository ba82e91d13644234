using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>The DHT spans above a query within its operation: the dual DHT and routing helpers. They can hold the key.</summary>
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
                // A span above a request belongs to another operation with another key.
                break;
            }

            if (kinds[above] is not (GoSpanKind.None or GoSpanKind.Other or GoSpanKind.Background))
            {
                Ancestors.Add(above);
            }
        }
    }

    /// <summary>The DHT spans above, nearest first.</summary>
    public List<int> Ancestors { get; } = [];
}
