using System.Collections.Immutable;
using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>Spans of the DhtTracer node, as <c>docs/span-conventions.md</c> sets them down.</summary>
internal sealed class NativeDialect : IDialect
{
    internal const string QueryName = "dht.query";
    internal const string PeerName = "dht.peer";
    internal const string DialName = "dht.dial";
    internal const string RequestName = "dht.request";
    private const string Scope = "DhtTracer.Kademlia";
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
                case QueryName:
                    Group(groups, trace[i].SpanId).Add(i);
                    break;
                case PeerName when !trace[i].ParentSpanId.IsZero:
                    Group(groups, trace[i].ParentSpanId).Add(i);
                    break;
                case DialName or RequestName:
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

        // More lost spans than this are no accident, and comparing each with every query would take the square of their number.
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
        span.Name is QueryName or PeerName or DialName or RequestName && span.ScopeName() is Scope or "";

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
            PeerName => trace[parent].ParentSpanId.IsZero ? null : trace[parent].ParentSpanId,
            QueryName => trace[parent].SpanId,
            _ => null,
        };
    }

    /// <summary>Gives a span whose peer span is missing to the only query that ran when it began; to none when there is a choice.</summary>
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
