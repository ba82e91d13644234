using System.Collections.Immutable;
using System.Runtime.InteropServices;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>
/// Merges spans that arrived more than once, for example by file and by pull, unfinished and finished, in nanoseconds by OTLP and in
/// microseconds by Jaeger. The result depends only on the spans, never on the order of arrival.
/// </summary>
public static class SpanMerge
{
    /// <summary>One span for each trace id and span id, sorted by trace, start and span id.</summary>
    /// <param name="spans">Spans in any order, of any number of traces.</param>
    public static ImmutableArray<Span> Merge(IEnumerable<Span> spans)
    {
        if (spans is IReadOnlyList<Span> { Count: 1 } only)
        {
            return [only[0]];
        }

        var best = new Dictionary<(TraceId Trace, SpanId Span), Span>(
            spans.TryGetNonEnumeratedCount(out var count) ? count : 0,
            new ById()
        );
        foreach (var span in spans)
        {
            ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(best, (span.TraceId, span.SpanId), out var exists);
            slot = exists ? Better(slot!, span) : span;
        }

        var merged = new Span[best.Count];
        best.Values.CopyTo(merged, 0);
        Array.Sort(
            merged,
            static (left, right) =>
            {
                var order = left.TraceId.CompareTo(right.TraceId);
                order = order != 0 ? order : left.StartUnixNano.CompareTo(right.StartUnixNano);
                return order != 0 ? order : left.SpanId.CompareTo(right.SpanId);
            }
        );
        return ImmutableCollectionsMarshal.AsImmutableArray(merged);
    }

    /// <summary>
    /// Chooses the better of two versions of a span: ended before unended, nanoseconds before whole microseconds, more attributes, more
    /// events. Among equals the greater one by content wins, so the choice is always the same.
    /// </summary>
    /// <returns>One of the two arguments.</returns>
    public static Span Better(Span left, Span right)
    {
        if (ReferenceEquals(left, right))
        {
            return left;
        }

        var order = (left.EndUnixNano != 0).CompareTo(right.EndUnixNano != 0);
        order = order != 0 ? order : HasNanoseconds(left).CompareTo(HasNanoseconds(right));
        order = order != 0 ? order : left.Attributes.Count.CompareTo(right.Attributes.Count);
        order = order != 0 ? order : left.Events.Length.CompareTo(right.Events.Length);
        order = order != 0 ? order : SpanContentComparer.Compare(left, right);
        return order >= 0 ? left : right;
    }

    /// <summary>Span ids are random, so they need no further hashing.</summary>
    private sealed class ById : IEqualityComparer<(TraceId Trace, SpanId Span)>
    {
        public bool Equals((TraceId Trace, SpanId Span) x, (TraceId Trace, SpanId Span) y) => x.Span == y.Span && x.Trace == y.Trace;

        public int GetHashCode((TraceId Trace, SpanId Span) obj) => (obj.Span.Value ^ obj.Trace.Low).GetHashCode();
    }

    private static bool HasNanoseconds(Span span) => span.StartUnixNano % 1000 != 0 || span.EndUnixNano % 1000 != 0;
}
