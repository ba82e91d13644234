using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects;

/// <summary>Spans of the DhtTracer node, as defined in <c>docs/span-conventions.md</c>.</summary>
internal sealed class NativeDialect : IDialect
{
    private const int MostAdopted = 1000;

    /// <inheritdoc/>
    public void Reconstruct(TraceSpans trace, TraceDraft drafts)
    {
        var groups = new SortedDictionary<SpanId, List<int>>();
        var loose = new List<int>();
        for (var i = 0; i < trace.Spans.Length; i++)
        {
            if (!IsNative(trace[i]))
            {
                continue;
            }

            switch (trace[i].Name)
            {
                case NativeSpans.Query:
                    Group(groups, trace[i].SpanId).Add(i);
                    break;
                case NativeSpans.Peer when !trace[i].ParentSpanId.IsZero:
                    Group(groups, trace[i].ParentSpanId).Add(i);
                    break;
                case NativeSpans.Dial or NativeSpans.Request:
                    if (QueryOf(trace, i) is { } id)
                    {
                        Group(groups, id).Add(i);
                    }
                    else
                    {
                        loose.Add(i);
                    }

                    break;
                default:
                    break;
            }
        }

        // More lost spans than this are no accident. Comparing each with every query would take quadratic time.
        foreach (var span in loose.Take(MostAdopted))
        {
            Adopt(trace, groups, span);
        }

        foreach (var (id, members) in groups)
        {
            drafts.Add(new NativeQuery(trace, members, id).Build());
        }
    }

    private static bool IsNative(Span span) =>
        span.Name is NativeSpans.Query or NativeSpans.Peer or NativeSpans.Dial or NativeSpans.Request
        && span.ScopeName() is NativeSpans.Scope or "";

    /// <summary>The query above a dial or request; null when the span of its peer never arrived.</summary>
    private static SpanId? QueryOf(TraceSpans trace, int index)
    {
        var parent = trace.Parent(index);
        if (parent == TraceSpans.None)
        {
            return null;
        }

        return trace[parent].Name switch
        {
            NativeSpans.Peer => trace[parent].ParentSpanId.IsZero ? null : trace[parent].ParentSpanId,
            NativeSpans.Query => trace[parent].SpanId,
            _ => null,
        };
    }

    /// <summary>Gives a span without its peer span to the query that ran when it began, if there was only one.</summary>
    private static void Adopt(TraceSpans trace, SortedDictionary<SpanId, List<int>> groups, int index)
    {
        List<int>? only = null;
        foreach (var members in groups.Values)
        {
            if (
                members.Exists(member =>
                    trace[member].StartUnixNano <= trace[index].StartUnixNano
                    && (trace[member].EndUnixNano == 0 || trace[member].EndUnixNano >= trace[index].StartUnixNano)
                )
            )
            {
                if (only is not null)
                {
                    return;
                }

                only = members;
            }
        }

        only?.Add(index);
    }

    private static List<int> Group(SortedDictionary<SpanId, List<int>> groups, SpanId id)
    {
        if (!groups.TryGetValue(id, out var group))
        {
            groups.Add(id, group = []);
        }

        return group;
    }
}
