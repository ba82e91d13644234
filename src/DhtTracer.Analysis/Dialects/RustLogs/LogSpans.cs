using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.RustLogs;

namespace DhtTracer.Analysis.Dialects.RustLogs;

/// <summary>The spans of one query from a log of a Rust node; see <see cref="RustLogNames"/>.</summary>
/// <param name="Root">The root; null when it never arrived.</param>
/// <param name="RootId">Its id.</param>
/// <param name="Parts">Requests and dials, sorted by start, then by id.</param>
internal sealed record LogSpans(Span? Root, SpanId RootId, IReadOnlyList<Span> Parts)
{
    /// <summary>The queries of a scope in a trace.</summary>
    public static IEnumerable<LogSpans> Find(TraceSpans trace, string scope)
    {
        var parts = new SortedDictionary<SpanId, List<Span>>();
        var roots = new Dictionary<SpanId, Span>();
        foreach (var span in trace.Spans)
        {
            if (span.ScopeName() != scope || span.Name is not (RustLogNames.Query or RustLogNames.Request or RustLogNames.Dial))
            {
                continue;
            }

            var id = span.Name == RustLogNames.Query ? span.SpanId : span.ParentSpanId;
            if (id.IsZero)
            {
                continue;
            }

            if (!parts.TryGetValue(id, out var group))
            {
                parts.Add(id, group = []);
            }

            if (span.Name == RustLogNames.Query)
            {
                roots.Add(id, span);
            }
            else
            {
                group.Add(span);
            }
        }

        return parts.Select(item => new LogSpans(roots.GetValueOrDefault(item.Key), item.Key, item.Value));
    }

    /// <summary>One of the spans, the root if possible.</summary>
    public Span Any => Root ?? Parts[0];

    /// <summary>Start of the query, or the earliest known time.</summary>
    public ulong StartUnixNano => Root?.StartUnixNano ?? Parts.Min(static span => span.StartUnixNano);

    /// <summary>Whether the log shows when the query began.</summary>
    public bool IsStarted => Root?.Boolean(RustLogNames.Started) == true;

    /// <summary>The log has no times; the times of the spans only give the order.</summary>
    public bool IsOrderOnly => Root?.Text(RustLogNames.Clock) == RustLogNames.ClockOrder;

    /// <summary>When the last event with this name happened, after the start; null when there is none.</summary>
    public long? Last(string name)
    {
        long? last = null;
        foreach (var happened in Root?.Events ?? [])
        {
            last = happened.Is(name) ? SpanReading.Nanoseconds(StartUnixNano, happened.TimeUnixNano) : last;
        }

        return last;
    }

    /// <summary>Number of events with this name.</summary>
    public int Count(string name) => Root?.Events.Count(happened => happened.Is(name)) ?? 0;

    /// <summary>The type given by the user who imported the log.</summary>
    public QueryType? GivenType => Words.TryParse<QueryType>(Root?.Text(RustLogNames.GivenType), out var type) ? type : null;

    /// <summary>The key from the log, or else the key given by the user who imported the log.</summary>
    public TargetKey? Key(QueryType type)
    {
        if (Root?.Text(RustLogNames.KeyPeer) is { } peer)
        {
            return TargetKey.OfPeer(peer);
        }

        if (Root?.Text(RustLogNames.Key) is { } hex && HexBytes(hex) is { } bytes)
        {
            return TargetKey.OfBytes(bytes, type);
        }

        return Root?.Text(RustLogNames.GivenKey) is { } given ? GivenKey(given, type) : null;
    }

    private static TargetKey? GivenKey(string text, QueryType type) =>
        type switch
        {
            QueryType.FindPeer => TargetKey.OfPeer(text),
            QueryType.GetProviders or QueryType.AddProvider => TargetKey.OfCid(text),
            QueryType.GetClosestPeers or QueryType.Unknown => TargetKey.OfPeer(text) ?? TargetKey.OfCid(text) ?? OfRecord(text, type),
            _ => OfRecord(text, type),
        };

    private static TargetKey? OfRecord(string text, QueryType type) =>
        KeyParser.Parse(text) is [var first, ..] ? TargetKey.OfBytes(first.Bytes.Span, type) : TargetKey.OfUtf8(text, type);

    private static byte[]? HexBytes(string hex) =>
        Multibase.Decode("f" + hex, out var bytes, out _) == MultiformatError.None ? bytes : null;
}
