using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Waterfalls;

/// <summary>A query as the table that the site and the command line draw. Pure: the same query always gives the same table.</summary>
public sealed record Waterfall
{
    public required Query Query { get; init; }

    /// <summary>The rows, filtered and sorted.</summary>
    public required ImmutableArray<WaterfallRow> Rows { get; init; }

    /// <summary>
    /// Length of the time axis in nanoseconds, at least 1. It is the query's duration. It is the last known time if that is later (requests
    /// that the query did not wait for), or if the duration is unknown.
    /// </summary>
    public required long AxisNs { get; init; }

    /// <summary><c>Seen 258, Queried 50, …</c>, see <see cref="HeaderText"/>.</summary>
    public required string Counts { get; init; }

    /// <summary><c>7.5s, 3 rec, 258 peers</c>.</summary>
    public required string Summary { get; init; }

    /// <summary>Creates the table.</summary>
    /// <param name="query">The query.</param>
    /// <param name="sort">Sort order of the rows.</param>
    /// <param name="descending">Whether the greatest value comes first.</param>
    /// <param name="filter">Which rows are shown.</param>
    /// <param name="running">True while the query runs: anything without an end is still in progress.</param>
    public static Waterfall Of(
        Query query,
        PeerSort sort = PeerSort.Heard,
        bool descending = false,
        PeerFilter filter = PeerFilter.All,
        bool running = false
    )
    {
        var axis = AxisLength(query);
        return new Waterfall
        {
            Query = query,
            AxisNs = axis,
            Counts = HeaderText.Counts(query.Counts),
            Summary = HeaderText.Summary(query),
            Rows = [.. PeerRows.Select(query.Peers, sort, descending, filter).Select(peer => WaterfallRow.Of(peer, axis, query, running))],
        };
    }

    /// <summary>
    /// Round times for an axis: 0 and then every 1, 2 or 5 times a power of ten nanoseconds, at most <paramref name="most"/>.
    /// </summary>
    /// <param name="axisNs">Length of the axis in nanoseconds.</param>
    /// <param name="most">Most ticks, at least 2.</param>
    public static ImmutableArray<long> Ticks(long axisNs, int most = 8)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(axisNs);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 2);
        long power = 1;
        while (true)
        {
            foreach (var factor in (ReadOnlySpan<int>)[1, 2, 5])
            {
                var step = power * factor;
                if (axisNs / step < most)
                {
                    return [.. Enumerable.Range(0, (int)(axisNs / step) + 1).Select(tick => tick * step)];
                }
            }

            power *= 10;
        }
    }

    /// <summary>Length of the time axis of a query, as in <see cref="AxisNs"/>.</summary>
    public static long AxisLength(Query query)
    {
        var end = Math.Max(1, query.DurationNs ?? 0);
        foreach (var peer in query.Peers)
        {
            end = Math.Max(end, peer.HeardNs ?? 0);
            if (peer.Dial is { } dial)
            {
                end = Math.Max(end, dial.StartNs + (dial.DurationNs ?? 0));
            }

            foreach (var request in peer.Requests)
            {
                end = Math.Max(end, request.EndNs ?? request.StartNs ?? 0);
            }
        }

        return end;
    }
}
