using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Packed;

/// <summary>From when to when the spans of a trace ran.</summary>
internal static class TraceExtent
{
    /// <summary>The earliest start and the latest end, in nanoseconds since 1970-01-01 UTC; null if no span has one.</summary>
    public static (long? Start, long? End) Of(IReadOnlyList<Span> spans)
    {
        long? start = null,
            end = null;
        foreach (var span in spans)
        {
            var spanStart = Nanoseconds.ToColumn(span.StartUnixNano);
            start = start is { } earliest && earliest < spanStart ? earliest : spanStart;
            if (span.EndUnixNano != 0)
            {
                var spanEnd = Nanoseconds.ToColumn(span.EndUnixNano);
                end = end is { } latest && latest > spanEnd ? latest : spanEnd;
            }
        }

        return (start, end);
    }
}
