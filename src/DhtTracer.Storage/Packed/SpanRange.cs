using System.Runtime.InteropServices;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Packed;

/// <summary>Starts and durations of the spans that one operation of a service has in a trace, in nanoseconds.</summary>
internal readonly record struct SpanRange(long FirstStart, long LastStart, long MinDuration, long MaxDuration)
{
    /// <summary>The ranges of a trace by service (empty without one), span name and span kind.</summary>
    public static Dictionary<(string Service, string Name, int Kind), SpanRange> ByOperation(IReadOnlyList<Span> spans)
    {
        var ranges = new Dictionary<(string Service, string Name, int Kind), SpanRange>(new ByName());
        var (resource, service) = ((Resource?)null, "");
        foreach (var span in spans)
        {
            if (!ReferenceEquals(span.Resource, resource))
            {
                (resource, service) = (span.Resource, span.Resource.ServiceName ?? "");
            }

            var start = Nanoseconds.ToColumn(span.StartUnixNano);
            var duration = span.EndUnixNano > span.StartUnixNano ? Nanoseconds.ToColumn(span.EndUnixNano - span.StartUnixNano) : 0;
            ref var range = ref CollectionsMarshal.GetValueRefOrAddDefault(ranges, (service, span.Name, (int)span.Kind), out var exists);
            range = exists ? range.Include(start, duration) : new SpanRange(start, start, duration, duration);
        }
        return ranges;
    }

    private SpanRange Include(long start, long duration) =>
        new(Math.Min(FirstStart, start), Math.Max(LastStart, start), Math.Min(MinDuration, duration), Math.Max(MaxDuration, duration));

    /// <summary>Hashes only the name: in most traces all spans are of one service, and the kind follows from the name.</summary>
    private sealed class ByName : IEqualityComparer<(string Service, string Name, int Kind)>
    {
        public bool Equals((string Service, string Name, int Kind) x, (string Service, string Name, int Kind) y) =>
            x.Kind == y.Kind && x.Name == y.Name && x.Service == y.Service;

        public int GetHashCode((string Service, string Name, int Kind) obj) => obj.Name.GetHashCode(StringComparison.Ordinal);
    }
}
