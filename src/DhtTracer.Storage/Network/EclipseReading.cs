using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Network;
using DhtTracer.Storage.Queries;

namespace DhtTracer.Storage.Network;

/// <summary>Holds one lookup against the other lookups of its time.</summary>
public static class EclipseReading
{
    /// <summary>Other lookups are from so long before and after it.</summary>
    private const ulong AroundNs = 12UL * 3600 * 1_000_000_000;

    /// <summary>Operations that are read at most: enough for a size within a few percent, and a page of one query waits for them.</summary>
    private const int MostOperations = 1_000;

    /// <summary>
    /// The verdict of the eclipse test by the lookups of the same network within 12 hours; null when the query has no closest set, or when
    /// there are too few other keys.
    /// </summary>
    /// <param name="store">The archive.</param>
    /// <param name="query">The query with its peers.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<EclipseVerdict?> ReadAsync(TraceStore store, Query query, CancellationToken cancellationToken = default)
    {
        if (ObservedLookup.Of(query) is not { Radius: not null } lookup)
        {
            return null;
        }

        var others = await store.ReadNetworkAsync(
            new QueryFilter
            {
                FromUnixNano = query.StartUnixNano - Math.Min(query.StartUnixNano, AroundNs),
                ToUnixNano = query.StartUnixNano + AroundNs,
                Background = null,
            },
            MostOperations,
            cancellationToken
        );
        return others.Tally.SetsAround(lookup).Test(lookup);
    }
}
