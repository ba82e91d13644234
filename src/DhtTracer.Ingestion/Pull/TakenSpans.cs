using DhtTracer.Traces;

namespace DhtTracer.Ingestion.Pull;

/// <summary>
/// Remembers which spans were stored, so that reading the same stretch of time again stores only what is new. Forgetting is harmless: the
/// store takes a span twice without a trace of it. Spans are told apart by a hash of their content.
/// </summary>
internal sealed class TakenSpans(int capacity)
{
    private readonly Lock gate = new();
    private readonly Dictionary<TraceId, HashSet<ulong>> traces = [];
    private readonly Queue<TraceId> order = new();
    private int count;

    /// <summary>Whether any span of the trace is remembered.</summary>
    public bool Knows(TraceId trace)
    {
        lock (gate)
        {
            return traces.ContainsKey(trace);
        }
    }

    /// <summary>The spans that are not remembered, each once.</summary>
    public List<Span> New(TraceId trace, IReadOnlyList<Span> spans)
    {
        lock (gate)
        {
            traces.TryGetValue(trace, out var known);
            var seen = new HashSet<ulong>();
            var fresh = new List<Span>();
            foreach (var span in spans)
            {
                var hash = Hash(span);
                if (known?.Contains(hash) != true && seen.Add(hash))
                {
                    fresh.Add(span);
                }
            }

            return fresh;
        }
    }

    /// <summary>Remembers spans that are committed; forgets the traces remembered longest when there are too many.</summary>
    public void Add(TraceId trace, IEnumerable<Span> spans)
    {
        lock (gate)
        {
            if (!traces.TryGetValue(trace, out var known))
            {
                known = [];
                traces.Add(trace, known);
                order.Enqueue(trace);
            }

            foreach (var span in spans)
            {
                count += known.Add(Hash(span)) ? 1 : 0;
            }

            while (count > capacity && order.Count > 1)
            {
                traces.Remove(order.Dequeue(), out var oldest);
                count -= oldest!.Count;
            }
        }
    }

    private static ulong Hash(Span span)
    {
        var content = default(HashCode);
        content.Add(span.ParentSpanId);
        content.Add(span.Name);
        content.Add(span.Kind);
        content.Add(span.StartUnixNano);
        content.Add(span.EndUnixNano);
        content.Add(span.Status);
        content.Add(span.Flags);
        content.Add(span.Links.Length);
        Add(ref content, span.Attributes);
        Add(ref content, span.Resource.Attributes);
        foreach (var item in span.Events)
        {
            content.Add(item.TimeUnixNano);
            content.Add(item.Name);
            Add(ref content, item.Attributes);
        }

        return (span.SpanId.Value * 0x9E3779B97F4A7C15) ^ (uint)content.ToHashCode();
    }

    private static void Add(ref HashCode hash, AttributeList attributes)
    {
        foreach (var (key, value) in attributes.AsSpan())
        {
            hash.Add(key);
            hash.Add(value);
        }
    }
}
