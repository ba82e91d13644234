using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Explain;

/// <summary>Sums the critical path of a query by peer and by phase.</summary>
internal static class TimeLost
{
    /// <summary>
    /// Sets <see cref="QueryPeer.TimeLostNs"/> and <see cref="Query.Phases"/>; returns the query unchanged when its end is unknown. The
    /// peers' times, the node's own time and the unexplained time add up to the duration.
    /// </summary>
    public static Query In(Query query) => In(query, CriticalPath.Of(query));

    /// <summary>The same with the query's path at hand; null when its end is unknown.</summary>
    public static Query In(Query query, CriticalPath? path)
    {
        if (path is null)
        {
            return query;
        }

        var lost = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var segment in path.Segments)
        {
            if (segment is { IsLostToPeer: true, PeerId: { } id })
            {
                lost[id] = lost.GetValueOrDefault(id) + segment.DurationNs;
            }
        }

        return query with
        {
            Phases = path.Phases(),
            Peers = ImmutableArray.CreateRange(
                query.Peers,
                peer => lost.GetValueOrDefault(peer.Id) is var ns && peer.TimeLostNs == ns ? peer : peer with { TimeLostNs = ns }
            ),
        };
    }
}
