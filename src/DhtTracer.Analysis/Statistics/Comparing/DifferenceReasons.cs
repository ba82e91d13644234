using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// Where the operations of two sets spend their time, which explains the difference of their durations. All figures are nanoseconds per
/// operation: means over the operations with a known critical path. Each operation counts by its decisive query.
/// </summary>
public sealed record DifferenceReasons
{
    /// <summary>Most entries in a list: those with the greatest differences.</summary>
    public const int MostListed = 10;

    /// <summary>
    /// Half the width of an interval in standard errors: the two-sided normal quantile of 1 - 0.05 / <see cref="MostListed"/>. So the
    /// intervals of a list hold together at 95 % (Bonferroni).
    /// </summary>
    private const double Width = 2.807;

    /// <summary>Number of operations of A with known phases.</summary>
    public required int OperationsOfA { get; init; }

    /// <summary>Number of operations of B with known phases.</summary>
    public required int OperationsOfB { get; init; }

    /// <summary>The phases, with the names of <see cref="PhaseTimes"/>. They add up to the duration.</summary>
    public required ImmutableArray<LostTime> Phases { get; init; }

    /// <summary>Time lost to each peer.</summary>
    public required ImmutableArray<LostTime> Peers { get; init; }

    /// <summary>Time lost to the peers of each agent version, if agents are known.</summary>
    public required ImmutableArray<LostTime> Agents { get; init; }

    /// <summary>Time lost to peers whose dial or request failed, by error class. Cancelled dials and requests do not count.</summary>
    public required ImmutableArray<LostTime> ErrorClasses { get; init; }

    /// <summary>Compares two sets.</summary>
    /// <param name="a">Operations of the first set.</param>
    /// <param name="peersOfA">The facts of their peers. For operations without such facts, peers, agents and errors are left out.</param>
    /// <param name="b">Operations of the second set.</param>
    /// <param name="peersOfB">The facts of their peers.</param>
    public static DifferenceReasons Of(
        IReadOnlyCollection<OperationFacts> a,
        IReadOnlyCollection<PeerFacts> peersOfA,
        IReadOnlyCollection<OperationFacts> b,
        IReadOnlyCollection<PeerFacts> peersOfB
    ) => Of(OperationColumns.Of(a).Phases, PeerLosses.Of(a, peersOfA), OperationColumns.Of(b).Phases, PeerLosses.Of(b, peersOfB));

    /// <summary>Compares two sets.</summary>
    /// <param name="phasesOfA">The phases of the first set.</param>
    /// <param name="lostInA">What its operations lost to peers.</param>
    /// <param name="phasesOfB">The phases of the second set.</param>
    /// <param name="lostInB">What its operations lost to peers.</param>
    public static DifferenceReasons Of(NamedSums phasesOfA, PeerLosses lostInA, NamedSums phasesOfB, PeerLosses lostInB) =>
        new()
        {
            OperationsOfA = phasesOfA.Operations,
            OperationsOfB = phasesOfB.Operations,
            Phases = Compare(phasesOfA, phasesOfB),
            Peers = Compare(lostInA.Peers, lostInB.Peers),
            Agents = Compare(lostInA.Agents, lostInB.Agents),
            ErrorClasses = Compare(lostInA.ErrorClasses, lostInB.ErrorClasses),
        };

    private static ImmutableArray<LostTime> Compare(NamedSums a, NamedSums b)
    {
        if (a.Operations == 0 || b.Operations == 0)
        {
            return [];
        }

        return
        [
            .. a
                .Names.Union(b.Names, StringComparer.Ordinal)
                .Select(name => Compare(name, a, b))
                .Where(static lost => lost.A > 0 || lost.B > 0)
                .OrderByDescending(static lost => Math.Abs(lost.Difference))
                .ThenBy(static lost => lost.Name, StringComparer.Ordinal)
                .Take(MostListed),
        ];
    }

    private static LostTime Compare(string name, NamedSums a, NamedSums b)
    {
        var ((meanOfA, errorOfA), (meanOfB, errorOfB)) = (a.Mean(name), b.Mean(name));
        var difference = meanOfB - meanOfA;
        var half = Width * Math.Sqrt((errorOfA * errorOfA) + (errorOfB * errorOfB));
        DifferenceInterval? interval =
            Math.Min(a.Operations, b.Operations) < Comparison.NeededForRatios
                ? null
                : new DifferenceInterval(difference - half, difference + half);
        return new LostTime(name, meanOfA, meanOfB, difference, interval);
    }
}

/// <summary>Time that the operations of two sets spent on one thing, in nanoseconds an operation.</summary>
/// <param name="Name">A phase, a peer id, an agent version or an error class.</param>
/// <param name="A">Mean of the first set.</param>
/// <param name="B">Mean of the second set.</param>
/// <param name="Difference">B minus A.</param>
/// <param name="Interval">Encloses the true difference; null when one of the sets has too few operations.</param>
public sealed record LostTime(string Name, double A, double B, double Difference, DifferenceInterval? Interval)
{
    /// <summary>True when the interval excludes zero.</summary>
    public bool Significant => Interval is { } interval && (interval.Low > 0 || interval.High < 0);
}
