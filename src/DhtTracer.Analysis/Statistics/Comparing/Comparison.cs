using System.Collections.Immutable;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>
/// Compares two sets of queries. The intervals hold together: on sets that do not differ, at most 5 in 100 comparisons show any verdict,
/// over all their figures (each interval has confidence 1 - 0.05 / <see cref="TestedFigures"/>, Bonferroni). The queries are assumed to be
/// independent.
/// </summary>
public sealed record Comparison
{
    /// <summary>Number of figures with a verdict; the 95 % hold over all of them.</summary>
    public const int TestedFigures = 12;

    /// <summary>Confidence of each figure's own interval.</summary>
    public const double FigureLevel = 1 - (0.05 / TestedFigures);

    /// <summary>
    /// Least number of queries for comparing means and shares of dials. Percentiles need the number that their order statistics need.
    /// </summary>
    public const int NeededForRatios = 40;

    /// <summary>The first set.</summary>
    public required OverviewFacts A { get; init; }

    /// <summary>The second set.</summary>
    public required OverviewFacts B { get; init; }

    /// <summary>Every compared figure, in the order of the overview.</summary>
    public required ImmutableArray<ComparedFigure> Figures { get; init; }

    /// <summary>Cumulative distribution of the durations of A, in nanoseconds.</summary>
    public required ImmutableArray<EcdfPoint> DurationsOfA { get; init; }

    /// <summary>Cumulative distribution of the durations of B, in nanoseconds.</summary>
    public required ImmutableArray<EcdfPoint> DurationsOfB { get; init; }

    /// <summary>True when B is the slow set: its median duration is at least that of A. Also true when one of them is unknown.</summary>
    public required bool SlowIsB { get; init; }

    /// <summary>
    /// Error classes of dials and requests, with the number of queries that had them; those over-represented in the slow set come first,
    /// see <see cref="OverRepresentation"/>. Cancelled dials and requests do not count.
    /// </summary>
    public required ImmutableArray<OverRepresented> ErrorClasses { get; init; }

    /// <summary>Compares two sets of queries; their order does not matter, and the same sets always give the same answer.</summary>
    public static Comparison Of(IReadOnlyCollection<OperationFacts> a, IReadOnlyCollection<OperationFacts> b)
    {
        using var columnsOfA = OperationColumns.Of(a);
        using var columnsOfB = OperationColumns.Of(b);
        return Of(columnsOfA, columnsOfB);
    }

    /// <summary>Compares two sets of queries; the same sets always give the same answer.</summary>
    public static Comparison Of(OperationColumns a, OperationColumns b)
    {
        var (overviewOfA, overviewOfB) = (OverviewFacts.Of(a), OverviewFacts.Of(b));
        var slowIsB =
            overviewOfA.Duration.P50 is not { } medianOfA
            || overviewOfB.Duration.P50 is not { } medianOfB
            || medianOfB.Value >= medianOfA.Value;
        return new Comparison
        {
            A = overviewOfA,
            B = overviewOfB,
            Figures = FigureComparer.Compare(a, overviewOfA, b, overviewOfB),
            DurationsOfA = Ecdf.OfSorted(a.SortedDurations.Sorted),
            DurationsOfB = Ecdf.OfSorted(b.SortedDurations.Sorted),
            SlowIsB = slowIsB,
            ErrorClasses = slowIsB ? ErrorClassesOf(slow: b, other: a) : ErrorClassesOf(slow: a, other: b),
        };
    }

    private static ImmutableArray<OverRepresented> ErrorClassesOf(OperationColumns slow, OperationColumns other)
    {
        var inSlow = OperationsByError(slow);
        var inOther = OperationsByError(other);
        var occurrences = inSlow
            .Keys.Union(inOther.Keys, StringComparer.Ordinal)
            .Select(name => new Occurrence(name, inSlow.GetValueOrDefault(name), inOther.GetValueOrDefault(name)));
        return OverRepresentation.Rank(occurrences, slow.Count, other.Count);
    }

    private static Dictionary<string, int> OperationsByError(OperationColumns operations) =>
        operations
            .PeerErrors.Operations.Where(static error => error.Name != ErrorClass.Cancelled)
            .ToDictionary(static error => error.Name, static error => (int)error.Count, StringComparer.Ordinal);
}

/// <summary>One figure of both sets.</summary>
/// <param name="Figure">The definition of the figure.</param>
/// <param name="A">Value of the first set, in the figure's unit; null when unknown.</param>
/// <param name="B">Value of the second set; null when unknown.</param>
/// <param name="Difference">B minus A; null when one is unknown.</param>
/// <param name="Interval">Encloses the true difference; null when there are too few queries, or when the figure is not tested.</param>
/// <param name="Verdict">The verdict. It is a difference exactly when <paramref name="Interval"/> excludes zero.</param>
public sealed record ComparedFigure(
    FigureDefinition Figure,
    double? A,
    double? B,
    double? Difference,
    DifferenceInterval? Interval,
    Verdict Verdict
)
{
    /// <summary>
    /// Encloses the true ratio of B to A; only for the median duration. Null for other figures, and when there are too few operations.
    /// </summary>
    public DifferenceInterval? Ratio { get; init; }
}

/// <summary>An interval of a difference, in the unit of its figure.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct DifferenceInterval(double Low, double High);
