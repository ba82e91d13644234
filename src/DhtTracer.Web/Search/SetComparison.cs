using System.Collections.Immutable;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Storage;

namespace DhtTracer.Web.Search;

/// <summary>Two sets of queries compared, as the page and the API show it.</summary>
internal sealed record SetComparison
{
    /// <summary>Operations of A.</summary>
    public required OperationSet A { get; init; }

    /// <summary>Operations of B.</summary>
    public required OperationSet B { get; init; }

    /// <summary>The figures.</summary>
    public required Comparison Result { get; init; }

    /// <summary>Peers by the number of operations that dialed or asked them, over-represented in the slow set first.</summary>
    public required ImmutableArray<OverRepresented> Peers { get; init; }

    /// <summary>Operations of the slow set whose peers were read.</summary>
    public required int PeersOverSlow { get; init; }

    /// <summary>Operations of the other set whose peers were read.</summary>
    public required int PeersOverOther { get; init; }

    /// <summary>Where both sets spend their time: by phase, peer, agent version and error class.</summary>
    public required DifferenceReasons Reasons { get; init; }

    /// <summary>Operations that are in both sets; the intervals take the sets as independent.</summary>
    public required int Shared { get; init; }

    /// <summary>Reads and compares.</summary>
    public static async Task<SetComparison> ReadAsync(TraceStore store, ComparedSet a, ComparedSet b, CancellationToken cancellationToken)
    {
        var (setA, setB) = (await a.ReadAsync(store, cancellationToken), await b.ReadAsync(store, cancellationToken));
        var result = Comparison.Of(setA.Facts, setB.Facts);
        var (slow, slowSet, other, otherSet) = result.SlowIsB ? (b, setB, a, setA) : (a, setA, b, setB);
        var (inSlow, overSlow, peersOfSlow) = await MetAsync(store, slow, slowSet, cancellationToken);
        var (inOther, overOther, peersOfOther) = await MetAsync(store, other, otherSet, cancellationToken);
        var occurrences = inSlow
            .Keys.Union(inOther.Keys, StringComparer.Ordinal)
            .Select(peer => new Occurrence(peer, inSlow.GetValueOrDefault(peer), inOther.GetValueOrDefault(peer)));
        var idsOfA = setA.Facts.Select(static fact => fact.Id).ToHashSet();
        return new SetComparison
        {
            A = setA,
            B = setB,
            Result = result,
            Peers = overSlow == 0 || overOther == 0 ? [] : OverRepresentation.Rank(occurrences, overSlow, overOther),
            PeersOverSlow = overSlow,
            PeersOverOther = overOther,
            Reasons = result.SlowIsB
                ? DifferenceReasons.Of(setA.Facts, peersOfOther, setB.Facts, peersOfSlow)
                : DifferenceReasons.Of(setA.Facts, peersOfSlow, setB.Facts, peersOfOther),
            Shared = setB.Facts.Count(fact => idsOfA.Contains(fact.Id)),
        };
    }

    // In how many operations each peer was dialed or asked, over the latest operations of the set.
    private static async Task<(Dictionary<string, int> Met, int Operations, IReadOnlyList<PeerFacts> Facts)> MetAsync(
        TraceStore store,
        ComparedSet set,
        OperationSet operations,
        CancellationToken cancellationToken
    )
    {
        var ids = operations.Facts.Select(static operation => operation.Id).ToHashSet();
        var list = await store.ListPeerFactsAsync(
            set.Address.Filter,
            limit: StatisticsScope.MostOperationsOfPeers,
            cancellationToken: cancellationToken
        );
        var own = list.Facts.Where(fact => ids.Contains(fact.OperationId)).ToList();
        var met = own.Where(static fact => fact.Requests > 0 || fact.State is not (PeerState.Heard or PeerState.Queued))
            .DistinctBy(static fact => (fact.OperationId, fact.PeerId))
            .CountBy(static fact => fact.PeerId, StringComparer.Ordinal)
            .ToDictionary(StringComparer.Ordinal);

        // An operation without any peer has no entry; of those the set itself knows how many there are, unless it was cut.
        return (met, list.IsCut ? own.DistinctBy(static fact => fact.OperationId).Count() : ids.Count, own);
    }
}
