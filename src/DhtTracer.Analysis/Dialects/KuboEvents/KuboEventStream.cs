using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.KuboEvents;

/// <summary>The spans of one stream of Kubo's query events.</summary>
internal sealed class KuboEventStream
{
    private KuboEventStream(QueryId id, Span? root, List<Span> events)
    {
        Id = id;
        Root = root;
        Events = events;
        IsTimed = root?.Boolean(KuboEventNames.Timed) ?? events.Exists(static happened => happened.StartUnixNano != 0);
        StartUnixNano = root?.StartUnixNano ?? (events.Count == 0 ? 0 : events.Min(static happened => happened.StartUnixNano));
    }

    /// <summary>The trace and the root, which may be missing.</summary>
    public QueryId Id { get; }

    /// <summary>The root; null when it never arrived.</summary>
    public Span? Root { get; }

    /// <summary>The events in the order of their arrival.</summary>
    public IReadOnlyList<Span> Events { get; }

    /// <summary>Whether times are known. Otherwise only the order of the events is.</summary>
    public bool IsTimed { get; }

    /// <summary>False while the command runs, and when its reader stopped before the daemon did. A saved stream counts as whole.</summary>
    public bool IsWhole =>
        Root?.Text(KuboEventNames.End) is { } end
            ? Words.TryParse<KuboStreamEnd>(end, out var how) && how is KuboStreamEnd.Complete or KuboStreamEnd.Error
            : Root is not null && !IsTimed;

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC; 0 when unknown.</summary>
    public ulong StartUnixNano { get; }

    /// <summary>The streams of a trace; nearly always none or one.</summary>
    public static IReadOnlyList<KuboEventStream> Find(TraceSpans trace)
    {
        SortedDictionary<SpanId, (Span? Root, List<Span> Events)>? found = null;
        foreach (var span in trace.Spans)
        {
            if (span.ScopeName() != KuboEventNames.Scope)
            {
                continue;
            }

            found ??= [];
            if (span.Attributes[KuboEventNames.Timed] is not null)
            {
                found[span.SpanId] = (span, found.TryGetValue(span.SpanId, out var known) ? known.Events : []);
            }
            else if (span.Count(KuboEventNames.Sequence) is not null && !span.ParentSpanId.IsZero)
            {
                if (!found.TryGetValue(span.ParentSpanId, out var stream))
                {
                    found.Add(span.ParentSpanId, stream = (null, []));
                }

                stream.Events.Add(span);
            }
        }

        return found is null
            ? []
            : [.. found.Select(stream => Make(new QueryId(trace[0].TraceId, stream.Key), stream.Value.Root, stream.Value.Events))];
    }

    /// <summary>
    /// When an event happened, in nanoseconds after the start. In a stream without times, the event's position stands in for the time while
    /// the query is built, so that the order is kept. The positions are removed at the end.
    /// </summary>
    public long At(Span happened) =>
        IsTimed ? SpanReading.Nanoseconds(StartUnixNano, happened.StartUnixNano) : happened.Count(KuboEventNames.Sequence) ?? 0;

    private static KuboEventStream Make(QueryId id, Span? root, List<Span> events)
    {
        events.Sort(
            static (left, right) =>
            {
                var order = Nullable.Compare(left.Count(KuboEventNames.Sequence), right.Count(KuboEventNames.Sequence));
                return order != 0 ? order : left.SpanId.CompareTo(right.SpanId);
            }
        );
        return new KuboEventStream(id, root, events);
    }
}
