using DhtTracer.Storage;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Tells spans that are new from spans that the store holds, so that reading the same stretch of time again stores only what is new. The
/// store knows; the traces met last are remembered, because they are the ones that come again, in the next window or in the next reading.
/// Memory is bounded whatever the size of the archive. Spans are told apart by a hash of their content, without the warnings of Jaeger:
/// some releases add one more at each reading.
/// </summary>
/// <param name="store">Holds what was taken before.</param>
/// <param name="capacity">Spans remembered at most, at least 1; a single trace may have more.</param>
internal sealed class TakenSpans(TraceStore store, int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TraceId, LinkedListNode<Remembered>> _traces = [];
    private readonly LinkedList<Remembered> _byUse = new();
    private int _count;

    /// <summary>Spans remembered now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>The spans of one trace that are not stored, each once, and whether nothing of the trace is stored.</summary>
    /// <exception cref="DatabaseException">The store cannot be read.</exception>
    public async Task<(List<Span> Fresh, bool NewTrace)> NewAsync(
        TraceId trace,
        IReadOnlyList<Span> spans,
        CancellationToken cancellationToken
    )
    {
        var stored = Recall(trace) ?? await LoadAsync(trace, cancellationToken);
        var seen = new HashSet<ulong>(stored);
        return ([.. spans.Where(span => seen.Add(Hash(span)))], stored.Count == 0);
    }

    /// <summary>Remembers spans that are committed; forgets the traces met longest ago when there are too many.</summary>
    public void Add(TraceId trace, IEnumerable<Span> spans) => Remember(trace, spans.Select(Hash));

    /// <summary>A trace came from the Jaeger with so many spans, repeated ones included.</summary>
    public void Came(TraceId trace, int spans)
    {
        lock (_gate)
        {
            if (_traces.TryGetValue(trace, out var node))
            {
                node.Value.Came = spans;
            }
        }
    }

    /// <summary>The traces of which the Jaeger has another number of spans than came from it, or than the store holds.</summary>
    /// <exception cref="DatabaseException">The store cannot be read.</exception>
    public async Task<List<TraceId>> DifferingAsync(IReadOnlyList<FoundSummary> summaries, CancellationToken cancellationToken)
    {
        var differing = new List<TraceId>();
        foreach (var (trace, spans) in summaries)
        {
            if (!trace.IsZero && !IsAsItCame(trace, spans) && await StoredAsync(trace, cancellationToken) != spans)
            {
                differing.Add(trace);
            }
        }

        return differing;
    }

    private bool IsAsItCame(TraceId trace, int spans)
    {
        lock (_gate)
        {
            return _traces.TryGetValue(trace, out var node) && node.Value.Came == spans;
        }
    }

    /// <summary>Distinct spans stored of a trace.</summary>
    private async Task<long> StoredAsync(TraceId trace, CancellationToken cancellationToken)
    {
        if (Recall(trace) is { } known)
        {
            return known.Count;
        }

        return await store.GetTraceInfoAsync(trace, cancellationToken) is { PendingSpanCount: 0 } info
            ? info.SpanCount
            : (await LoadAsync(trace, cancellationToken)).Count;
    }

    private HashSet<ulong>? Recall(TraceId trace)
    {
        lock (_gate)
        {
            if (!_traces.TryGetValue(trace, out var node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddLast(node);
            return [.. node.Value.Spans];
        }
    }

    private async Task<HashSet<ulong>> LoadAsync(TraceId trace, CancellationToken cancellationToken)
    {
        if (await store.GetTraceInfoAsync(trace, cancellationToken) is not { } info)
        {
            return [];
        }

        if (info.SpanCount + info.PendingSpanCount > capacity)
        {
            // Reading it would take more memory than writing the new copy, which the store takes without a trace of it.
            return [];
        }

        HashSet<ulong> hashes = [.. (await store.GetTraceAsync(trace, cancellationToken)).Select(Hash)];
        Remember(trace, hashes);
        return hashes;
    }

    private void Remember(TraceId trace, IEnumerable<ulong> hashes)
    {
        lock (_gate)
        {
            if (!_traces.TryGetValue(trace, out var node))
            {
                node = _byUse.AddLast(new Remembered(trace, []));
                _traces.Add(trace, node);
            }

            foreach (var hash in hashes)
            {
                _count += node.Value.Spans.Add(hash) ? 1 : 0;
            }

            while (_count > capacity && _byUse.First is { } oldest && oldest != node)
            {
                _byUse.RemoveFirst();
                _traces.Remove(oldest.Value.Trace);
                _count -= oldest.Value.Spans.Count;
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
            if (key == JaegerModel.WarningsAttribute)
            {
                continue;
            }

            hash.Add(key);
            hash.Add(value);
        }
    }

    private sealed record Remembered(TraceId Trace, HashSet<ulong> Spans)
    {
        /// <summary>Spans that came when the trace was last read; null when that is not remembered.</summary>
        public int? Came { get; set; }
    }
}
