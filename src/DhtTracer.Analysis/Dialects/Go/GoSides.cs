using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Decides which query of a dual DHT asked the public network (WAN) and which the local one (LAN). The names of the spans are identical.
/// The evidence is, in this order: an error that names the protocol, the addresses in the answers, and which query started first.
/// </summary>
internal static class GoSides
{
    /// <summary>Part of the LAN DHT's protocol, <c>/ipfs/lan/kad/1.0.0</c>.</summary>
    private const string LanProtocol = "/lan/kad/";

    /// <summary>The WAN DHT's protocol.</summary>
    private const string WanProtocol = "/ipfs/kad/1.0.0";

    /// <summary>The sides of the queries of one call of a dual DHT.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="kinds">The kind of each span.</param>
    /// <param name="queries">
    /// The queries, sorted by start and then by id. There is only one when the other was not called or was lost.
    /// </param>
    /// <returns>A side for each query; null when it cannot be known.</returns>
    public static DhtSide?[] Of(TraceSpans trace, GoSpanKind[] kinds, IReadOnlyList<(GoQueryParts Parts, Query Query)> queries)
    {
        var evidence = new Evidence[queries.Count];
        for (var i = 0; i < evidence.Length; i++)
        {
            evidence[i] = EvidenceOf(trace, kinds, queries[i].Parts);
        }

        var type = queries[0].Query.Type;
        return evidence switch
        {
            [var one, var other] => Complete(one, other, type),

            // These run on one side only: on the WAN, or on the LAN when the WAN DHT is not active.
            [{ Side: null }] when type is QueryType.AddProvider or QueryType.PutValue => [DhtSide.Wan],
            _ => [.. evidence.Select(static each => each.Side)],
        };
    }

    /// <summary>The evidence in the spans of one query.</summary>
    public static Evidence EvidenceOf(TraceSpans trace, GoSpanKind[] kinds, GoQueryParts parts)
    {
        var scope = default(GoAddressScope);
        foreach (var member in parts.Members)
        {
            if (kinds[member] != GoSpanKind.Message)
            {
                continue;
            }

            if (!trace[member].IsError())
            {
                scope = scope.With(trace[member]);
            }
            else if (ByProtocol(trace[member].StatusMessage()) is { } side)
            {
                return new Evidence(side, IsCertain: true);
            }
        }

        return new Evidence(
            scope.Local == scope.Public ? null
                : scope.Local > scope.Public ? DhtSide.Lan
                : DhtSide.Wan,
            IsCertain: false
        );
    }

    private static DhtSide? ByProtocol(string? error) =>
        error is null ? null
        : error.Contains(LanProtocol, StringComparison.Ordinal) ? DhtSide.Lan
        : error.Contains(WanProtocol, StringComparison.Ordinal) ? DhtSide.Wan
        : null;

    private static DhtSide?[] Complete(Evidence one, Evidence other, QueryType type)
    {
        // Both can point to the same side, if all addresses of a test network are private. Then only the order decides.
        var first =
            one.Side != other.Side ? one.Side ?? Opposite(other.Side)
            : one.IsCertain != other.IsCertain
                ? one.IsCertain ? one.Side
                    : Opposite(other.Side)
            : First(type);
        return [first, Opposite(first)];
    }

    /// <summary><c>dual.DHT.FindPeer</c> starts its LAN lookup first; all others start the WAN lookup first.</summary>
    private static DhtSide First(QueryType type) => type == QueryType.FindPeer ? DhtSide.Lan : DhtSide.Wan;

    private static DhtSide? Opposite(DhtSide? side) => side == DhtSide.Wan ? DhtSide.Lan : DhtSide.Wan;

    /// <summary>Evidence of a query's side.</summary>
    /// <param name="Side">The side; null when there is no evidence.</param>
    /// <param name="IsCertain">True when an error named the protocol.</param>
    internal readonly record struct Evidence(DhtSide? Side, bool IsCertain);
}
