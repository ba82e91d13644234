using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>What a gate says.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GateAnswer>))]
public enum GateAnswer
{
    /// <summary>The interval lies within the limit: the tested set is surely not worse than allowed.</summary>
    [JsonStringEnumMemberName("pass")]
    Pass = 1,

    /// <summary>The interval contains the limit, or there are too few operations for an interval.</summary>
    [JsonStringEnumMemberName("too-few")]
    TooFew = 2,

    /// <summary>The interval lies beyond the limit: the tested set is surely worse than allowed.</summary>
    [JsonStringEnumMemberName("fail")]
    Fail = 3,
}

/// <summary>How much worse the tested set may be.</summary>
/// <param name="MaxSlowdown">Greatest growth of a percentile of the duration, as a part: 0.1 for 10 %.</param>
/// <param name="MaxSuccessDrop">Greatest fall of the share of success, as a part: 0.05 for five percentage points.</param>
public readonly record struct GateLimits(double MaxSlowdown, double MaxSuccessDrop);

/// <summary>One figure of a gate.</summary>
/// <param name="Name">Its name in JSON, such as <c>duration-p50</c>.</param>
/// <param name="Label">Its name for readers.</param>
/// <param name="Against">Value of the set that is compared with: nanoseconds, or a share from 0 to 1; null when unknown.</param>
/// <param name="Tested">Value of the tested set.</param>
/// <param name="Change">Tested to against: a ratio for durations, a difference for shares; null when one is unknown.</param>
/// <param name="Interval">Encloses the true change; null when there are too few operations.</param>
/// <param name="Limit">The change that is just allowed.</param>
/// <param name="Answer">What follows.</param>
public sealed record GateFigure(
    string Name,
    string Label,
    double? Against,
    double? Tested,
    double? Change,
    DifferenceInterval? Interval,
    double Limit,
    GateAnswer Answer
);

/// <summary>
/// Whether a set of operations is not worse than another by more than a limit. Each figure's interval of its change is compared with the
/// limit, not with zero: pass when it lies within, fail when it lies beyond, else there are too few operations to tell. The intervals hold
/// together: a set that is no worse than allowed fails in at most 5 of 100 gates, and one that is worse in any figure passes in at most 5
/// of 100 (each interval has confidence 1 - 0.05 / <see cref="TestedFigures"/>). The operations are assumed to be independent.
/// </summary>
public sealed record Gate
{
    /// <summary>Number of figures.</summary>
    public const int TestedFigures = 3;

    /// <summary>Confidence of each figure's own interval.</summary>
    public const double FigureLevel = 1 - (0.05 / TestedFigures);

    /// <summary>Operations of the set that is compared with.</summary>
    public required int Against { get; init; }

    /// <summary>Operations of the tested set.</summary>
    public required int Tested { get; init; }

    /// <summary>How much worse it may be.</summary>
    public required GateLimits Limits { get; init; }

    /// <summary>Every figure.</summary>
    public required ImmutableArray<GateFigure> Figures { get; init; }

    /// <summary>Fail when any figure fails, else too few when any figure cannot be told, else pass.</summary>
    public GateAnswer Answer => Figures.Max(static figure => figure.Answer);

    /// <summary>
    /// Least number of operations of each set for an interval of every figure. To tell a small limit, many more may be needed.
    /// </summary>
    public static int Needed { get; } = OrderStatisticInterval.Needed(90, FigureLevel);

    /// <summary>Compares a set with another.</summary>
    /// <param name="tested">The set to test, such as that of a new release.</param>
    /// <param name="against">The set to compare with.</param>
    /// <param name="limits">How much worse it may be.</param>
    public static Gate Of(OperationColumns tested, OperationColumns against, GateLimits limits) =>
        new()
        {
            Against = against.Count,
            Tested = tested.Count,
            Limits = limits,
            Figures =
            [
                Duration("duration-p50", "Duration p50", 50, tested, against, 1 + limits.MaxSlowdown),
                Duration("duration-p90", "Duration p90", 90, tested, against, 1 + limits.MaxSlowdown),
                Success(OverviewFacts.Of(tested).Success, OverviewFacts.Of(against).Success, -limits.MaxSuccessDrop),
            ],
        };

    private static GateFigure Duration(
        string name,
        string label,
        int percent,
        OperationColumns tested,
        OperationColumns against,
        double limit
    )
    {
        var b = tested.SortedDurations.Sorted;
        var a = against.SortedDurations.Sorted;
        double? valueOfB = b.Length == 0 ? null : Percentile.Of(b, percent);
        double? valueOfA = a.Length == 0 ? null : Percentile.Of(a, percent);
        var interval =
            Math.Min(a.Length, b.Length) < OrderStatisticInterval.Needed(percent, FigureLevel)
                ? null
                : PercentileBootstrap.Ratio(PercentileBootstrap.Of(a, percent), PercentileBootstrap.Of(b, percent), FigureLevel);
        var answer =
            interval is not { } known ? GateAnswer.TooFew
            : known.High <= limit ? GateAnswer.Pass
            : known.Low > limit ? GateAnswer.Fail
            : GateAnswer.TooFew;
        return new GateFigure(name, label, valueOfA, valueOfB, valueOfA > 0 ? valueOfB / valueOfA : null, interval, limit, answer);
    }

    private static GateFigure Success(Share tested, Share against, double limit)
    {
        DifferenceInterval? interval = ShareDifference.Of(against, tested, FigureLevel) is { } known
            ? new DifferenceInterval(known.Low, known.High)
            : null;
        var answer =
            interval is not { } change ? GateAnswer.TooFew
            : change.Low >= limit ? GateAnswer.Pass
            : change.High < limit ? GateAnswer.Fail
            : GateAnswer.TooFew;
        return new GateFigure(
            "success-share",
            "Success",
            against.Value,
            tested.Value,
            tested.Value - against.Value,
            interval,
            limit,
            answer
        );
    }
}
