using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Storage;

namespace DhtTracer.Web.Search;

/// <summary>Two sets of queries compared, as page and API show it. Dispose it to return the columns of both to their pool.</summary>
internal sealed record SetComparison : IDisposable
{
    /// <summary>Operations of A.</summary>
    public required OperationColumns A { get; init; }

    /// <summary>Operations of B.</summary>
    public required OperationColumns B { get; init; }

    /// <summary>The figures.</summary>
    public required Comparison Result { get; init; }

    /// <summary>Peers by the number of operations that dialed or asked them, over-represented in the slow set first.</summary>
    public required ImmutableArray<OverRepresented> Peers { get; init; }

    /// <summary>What else operations of the slow set have more often.</summary>
    public required ImmutableArray<SharedAttribute> Attributes { get; init; }

    /// <summary>Where both sets spend their time: by phase, peer, agent version and error class.</summary>
    public required DifferenceReasons Reasons { get; init; }

    /// <summary>Operations of the slow set to look at: a typical one, the slowest, and the one in which the cause shows most.</summary>
    public required ImmutableArray<Exemplar> Exemplars { get; init; }

    /// <summary>
    /// For each phase, the one of the longest operations of the slow set that spent most time in it; without phases that none has.
    /// </summary>
    public required ImmutableArray<(string Phase, OperationFacts Operation)> LongestInPhase { get; init; }

    /// <summary>Operations that are in both sets; the intervals take the sets as independent.</summary>
    public required int Shared { get; init; }

    /// <summary>Reads and compares.</summary>
    public static async Task<SetComparison> ReadAsync(TraceStore store, ComparedSet a, ComparedSet b, CancellationToken cancellationToken)
    {
        var (setA, setB) = (await a.ReadAsync(store, cancellationToken), await b.ReadAsync(store, cancellationToken));
        var result = Comparison.Of(setA, setB);
        var (peersOfA, peersOfB) = (
            await store.ReadPeersMetAsync(a.Address.Filter, cancellationToken),
            await store.ReadPeersMetAsync(b.Address.Filter, cancellationToken)
        );
        var (slow, other) = result.SlowIsB ? (peersOfB, peersOfA) : (peersOfA, peersOfB);
        var (slowSet, otherSet) = result.SlowIsB ? (setB, setA) : (setA, setB);
        var occurrences = slow
            .Met.Keys.Union(other.Met.Keys, StringComparer.Ordinal)
            .Select(peer => new Occurrence(peer, slow.Met.GetValueOrDefault(peer), other.Met.GetValueOrDefault(peer)));
        var attributes = SharedAttributes.Rank(slowSet, otherSet);
        var reasons = DifferenceReasons.Of(setA.Phases, peersOfA.Losses, setB.Phases, peersOfB.Losses);
        var longest = NotableOperations.Slowest(slowSet, ExemplarChoice.MostRead);
        var slowest = await store.ListOperationFactsAsync(longest, cancellationToken);
        var near = await store.ListOperationFactsAsync(ExemplarChoice.NearMedian(slowSet), cancellationToken);
        return new SetComparison
        {
            Exemplars = ExemplarChoice.Choose(slowSet, near, slowest, attributes, reasons.Phases, result.SlowIsB),
            LongestInPhase = [.. Longest(slowest)],
            A = setA,
            B = setB,
            Result = result,
            Peers = slowSet.Count == 0 || otherSet.Count == 0 ? [] : OverRepresentation.Rank(occurrences, slowSet.Count, otherSet.Count),
            Attributes = attributes,
            Reasons = reasons,
            Shared = OperationColumns.Shared(setA, setB),
        };
    }

    private static IEnumerable<(string Phase, OperationFacts Operation)> Longest(IReadOnlyList<OperationFacts> slowest)
    {
        for (var i = 0; i < PhaseSums.Names.Count; i++)
        {
            var at = i;
            var most = slowest.Where(operation => operation.Phases?.ToArray()[at] > 0).MaxBy(operation => operation.Phases!.ToArray()[at]);
            if (most is not null)
            {
                yield return (PhaseSums.Names[i], most);
            }
        }
    }

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }
}
