using DhtTracer.Traces.Jaeger.Proto;
using Google.Protobuf;

namespace DhtTracer.FakeJaeger;

/// <summary>Conditions of a search. Null and empty mean "any", but see <see cref="JaegerRelease"/> on an empty service.</summary>
public sealed record FakeSearch(string Service, long? MinUnixNano, long? MaxUnixNano, int Depth)
{
    public string Operation { get; init; } = "";

    public long? MinDurationNs { get; init; }

    public long? MaxDurationNs { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <summary>Jaeger's memory storage: a ring of traces by first arrival, searched the way each release searches it.</summary>
public sealed class FakeArchive
{
    private readonly Lock _gate = new();
    private readonly FakeJaegerOptions _options;
    private readonly TimeProvider? _clock;
    private readonly Random _random;
    private readonly Dictionary<ByteString, Stored> _traces = [];
    private readonly LinkedList<Stored> _byArrival = [];
    private readonly PriorityQueue<IReadOnlyList<Span>, (long After, long Number)> _pending = new();
    private long _searches;
    private long _scheduled;
    private long _spansSent;

    /// <summary>Makes an empty archive.</summary>
    /// <param name="options">What to imitate.</param>
    /// <param name="clock">When set, <see cref="WriteLater"/> goes by this clock instead of counting searches.</param>
    public FakeArchive(FakeJaegerOptions options, TimeProvider? clock = null)
    {
        _options = options;
        _clock = clock;
        _random = new Random(options.Seed);
    }

    /// <summary>Searches answered so far, faults included.</summary>
    public long Searches => Interlocked.Read(ref _searches);

    /// <summary>Spans sent over gRPC so far.</summary>
    public long SpansSent => Interlocked.Read(ref _spansSent);

    /// <summary>Traces that the ring has dropped.</summary>
    public int Evicted { get; private set; }

    /// <summary>Spans that will arrive with later searches.</summary>
    public int PendingArrivals
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>Stores spans now, in this order. Repeated spans are kept, as Jaeger keeps them.</summary>
    public void Write(IEnumerable<Span> spans)
    {
        lock (_gate)
        {
            foreach (var span in spans)
            {
                Add(span);
            }
        }
    }

    /// <summary>Lets spans arrive later.</summary>
    /// <param name="due">Searches that come before, or the nanosecond since 1970-01-01 UTC when there is a clock.</param>
    /// <param name="spans">The spans.</param>
    public void WriteLater(long due, IReadOnlyList<Span> spans)
    {
        lock (_gate)
        {
            _pending.Enqueue(spans, (due, _scheduled++));
        }
    }

    /// <summary>Counts a search, and lets those spans arrive whose time has come.</summary>
    public void BeginSearch()
    {
        lock (_gate)
        {
            _searches++;
            var now = _clock is null ? _searches : JaegerTime.UnixNano(_clock.GetUtcNow());
            while (_pending.TryPeek(out var spans, out var due) && due.After < now)
            {
                _pending.Dequeue();
                foreach (var span in spans)
                {
                    Add(span);
                }
            }
        }
    }

    /// <summary>Counts spans that are sent.</summary>
    public void Sent(int spans) => Interlocked.Add(ref _spansSent, spans);

    public IReadOnlyList<string> Services()
    {
        lock (_gate)
        {
            return [.. _traces.Values.SelectMany(trace => trace.Spans).Select(span => span.Process.ServiceName).Distinct()];
        }
    }

    public IReadOnlyList<(string Name, string Kind)> Operations(string service)
    {
        lock (_gate)
        {
            return
            [
                .. _traces
                    .Values.SelectMany(trace => trace.Spans)
                    .Where(span => span.Process.ServiceName == service)
                    .Select(span => (span.OperationName, span.Tags.FirstOrDefault(tag => tag.Key == "span.kind")?.VStr ?? ""))
                    .Distinct(),
            ];
        }
    }

    public IReadOnlyList<Span>? Trace(ByteString traceId)
    {
        lock (_gate)
        {
            return _traces.TryGetValue(traceId, out var stored) ? [.. stored.Spans] : null;
        }
    }

    /// <summary>Whole traces with at least one span that matches, in this release's order, cut silently at the depth.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The depth is one that this release refuses.</exception>
    public IReadOnlyList<IReadOnlyList<Span>> Search(FakeSearch search)
    {
        lock (_gate)
        {
            return _options.Release == JaegerRelease.V1_60 ? SearchV1(search) : SearchV2(search);
        }
    }

    private static bool Matches(Stored trace, FakeSearch search) =>
        !(trace.LatestStart < search.MinUnixNano)
        && !(trace.EarliestStart > search.MaxUnixNano)
        && trace.Spans.Exists(span => Matches(span, search));

    private static bool Matches(Span span, FakeSearch search)
    {
        var start = JaegerTime.UnixNano(span.StartTime);
        var duration = JaegerTime.Nanoseconds(span.Duration);
        return (search.Service.Length == 0 || span.Process.ServiceName == search.Service)
            && (search.Operation.Length == 0 || span.OperationName == search.Operation)
            && !(start < search.MinUnixNano)
            && !(start > search.MaxUnixNano)
            && !(duration < search.MinDurationNs)
            && !(duration > search.MaxDurationNs)
            && search.Tags.All(tag => span.Tags.Any(has => has.Key == tag.Key && has.VStr == tag.Value));
    }

    private void Add(Span span)
    {
        if (!_traces.TryGetValue(span.TraceId, out var stored))
        {
            stored = new Stored(span.TraceId);
            _traces.Add(span.TraceId, stored);
            _byArrival.AddLast(stored);
            if (_traces.Count > _options.RingSize)
            {
                _traces.Remove(_byArrival.First!.Value.Id);
                _byArrival.RemoveFirst();
                Evicted++;
            }
        }

        stored.Add(span);
    }

    private IReadOnlyList<IReadOnlyList<Span>> SearchV1(FakeSearch search)
    {
        if (search.Service.Length == 0)
        {
            return [];
        }

        List<Stored> matching = [.. _traces.Values.Where(trace => Matches(trace, search))];
        if (search.Depth > 0 && matching.Count > search.Depth)
        {
            // Newest by the start of the span that happened to be stored first, handed out oldest first.
            return
            [
                .. matching
                    .OrderBy(trace => JaegerTime.UnixNano(trace.Spans[0].StartTime))
                    .TakeLast(search.Depth)
                    .Select(trace => trace.Spans.ToList()),
            ];
        }

        var shuffled = matching.ToArray();
        _random.Shuffle(shuffled);
        return [.. shuffled.Select(trace => trace.Spans.ToList())];
    }

    private IReadOnlyList<IReadOnlyList<Span>> SearchV2(FakeSearch search)
    {
        if (search.Depth <= 0 || search.Depth > _options.RingSize)
        {
            throw new ArgumentOutOfRangeException(nameof(search), "search depth must be greater than 0 and less than max traces");
        }

        var found = new List<IReadOnlyList<Span>>();
        for (var node = _byArrival.Last; node is not null && found.Count < search.Depth; node = node.Previous)
        {
            if (node.Value.Id.All(static octet => octet == 0))
            {
                // Taken for a place in the ring that was never filled: whatever arrived before is not looked at.
                break;
            }

            if (Matches(node.Value, search))
            {
                found.Add([.. node.Value.Spans]);
            }
        }

        return found;
    }

    private sealed class Stored(ByteString id)
    {
        public ByteString Id { get; } = id;

        public List<Span> Spans { get; } = [];

        public long EarliestStart { get; private set; } = long.MaxValue;

        public long LatestStart { get; private set; } = long.MinValue;

        public void Add(Span span)
        {
            var start = JaegerTime.UnixNano(span.StartTime);
            EarliestStart = Math.Min(EarliestStart, start);
            LatestStart = Math.Max(LatestStart, start);
            Spans.Add(span);
        }
    }
}
