using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.EventLog2019;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects;

/// <summary>
/// Spans of the 2019 event log, as <see cref="EventLog2019Reader"/> makes them: one trace for each query, one span for each event.
/// </summary>
internal sealed class EventLog2019Dialect : IDialect
{
    /// <inheritdoc/>
    public void Reconstruct(TraceSpans trace, TraceDraft drafts)
    {
        var groups = new SortedDictionary<SpanId, List<Span>>();
        foreach (var span in trace.Spans)
        {
            if (span.ScopeName() is not (EventLogNames.Scope or ""))
            {
                continue;
            }

            var isRoot = span.Name == EventLogNames.Run && span.Attributes[EventLogNames.Key] is not null;
            if (!isRoot && (span.Attributes[EventLogNames.Line] is null || span.ParentSpanId.IsZero))
            {
                continue;
            }

            var id = isRoot ? span.SpanId : span.ParentSpanId;
            if (!groups.TryGetValue(id, out var group))
            {
                groups.Add(id, group = []);
            }

            group.Add(span);
        }

        foreach (var (id, spans) in groups)
        {
            spans.Sort(
                static (left, right) =>
                {
                    var order = left.StartUnixNano.CompareTo(right.StartUnixNano);
                    order = order != 0 ? order : EventLog2019Peers.Rank(left).CompareTo(EventLog2019Peers.Rank(right));
                    return order != 0 ? order : left.SpanId.CompareTo(right.SpanId);
                }
            );
            drafts.Add(new EventLog2019Query(spans, id).Build());
        }
    }
}
