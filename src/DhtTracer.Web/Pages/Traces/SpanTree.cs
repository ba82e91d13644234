using DhtTracer.Traces.Model;

namespace DhtTracer.Web.Pages.Traces;

/// <summary>A span at its place in the tree.</summary>
/// <param name="Span">The span.</param>
/// <param name="Depth">0 for a root; no more than <see cref="SpanTree.MaxDepth"/>, deeper ones are drawn there.</param>
/// <param name="Children">Direct children.</param>
/// <param name="Orphan">It names a parent that never arrived.</param>
internal sealed record SpanNode(Span Span, int Depth, int Children, bool Orphan);

/// <summary>Puts the spans of a trace in the order of a tree: parents before children, siblings by start.</summary>
internal static class SpanTree
{
    /// <summary>The depth at which indenting stops.</summary>
    public const int MaxDepth = 24;

    /// <summary>
    /// Orders spans depth first. Spans whose parent is missing are roots; a circle of parents, which only a broken or hostile sender
    /// makes, is entered at its earliest span. Every span comes out exactly once.
    /// </summary>
    public static IReadOnlyList<SpanNode> Order(IEnumerable<Span> spans)
    {
        var byStart = spans.OrderBy(span => span.StartUnixNano).ThenBy(span => span.SpanId).ToList();
        var ids = byStart.Select(span => span.SpanId).ToHashSet();
        var children = byStart.Where(span => !span.ParentSpanId.IsZero).ToLookup(span => span.ParentSpanId);
        var done = new HashSet<SpanId>(byStart.Count);
        var nodes = new List<SpanNode>(byStart.Count);
        var stack = new Stack<(Span Span, int Depth)>();

        foreach (var root in byStart.Where(span => !ids.Contains(span.ParentSpanId)).Concat(byStart))
        {
            stack.Push((root, 0));
            while (stack.TryPop(out var next))
            {
                if (!done.Add(next.Span.SpanId))
                {
                    continue;
                }

                var below = children[next.Span.SpanId].ToList();
                nodes.Add(
                    new SpanNode(
                        next.Span,
                        Math.Min(next.Depth, MaxDepth),
                        below.Count,
                        Orphan: !next.Span.ParentSpanId.IsZero && !ids.Contains(next.Span.ParentSpanId)
                    )
                );
                for (var i = below.Count - 1; i >= 0; i--)
                {
                    stack.Push((below[i], next.Depth + 1));
                }
            }
        }

        return nodes;
    }
}
