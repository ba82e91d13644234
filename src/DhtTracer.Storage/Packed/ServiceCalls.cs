using System.Runtime.InteropServices;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Packed;

/// <summary>How often spans of one service have a parent in another.</summary>
internal static class ServiceCalls
{
    /// <summary>Counts child spans by the services of parent and child; the empty name is a resource without one.</summary>
    public static Dictionary<(string Parent, string Child), long> Count(IReadOnlyList<Span> spans)
    {
        var resources = new Dictionary<SpanId, Resource>(spans.Count);
        foreach (var span in spans)
        {
            resources.TryAdd(span.SpanId, span.Resource);
        }

        var calls = new Dictionary<(string, string), long>();
        var (lastParent, lastChild, run) = ((Resource?)null, (Resource?)null, 0L);
        foreach (var span in spans)
        {
            if (!resources.TryGetValue(span.ParentSpanId, out var parent))
            {
                continue;
            }

            // Neighbours share their resources, so runs are counted before names are compared.
            if (run > 0 && (!ReferenceEquals(parent, lastParent) || !ReferenceEquals(span.Resource, lastChild)))
            {
                Add(lastParent!, lastChild!, run);
                run = 0;
            }

            (lastParent, lastChild) = (parent, span.Resource);
            run++;
        }

        if (run > 0)
        {
            Add(lastParent!, lastChild!, run);
        }

        return calls;

        void Add(Resource parent, Resource child, long count) =>
            CollectionsMarshal.GetValueRefOrAddDefault(calls, (parent.ServiceName ?? "", child.ServiceName ?? ""), out _) += count;
    }
}
