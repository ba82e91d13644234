using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;

namespace DhtTracer.Analysis.Alarms;

/// <summary>
/// Compares an hour with the same hours of the seven days before, by the intervals that <see cref="Gate"/> uses. A figure is an alarm when
/// three things hold: its interval lies beyond the limit, with the false discovery rate held over all figures of a week; it is worse than
/// in each of the hours compared with; and these are at least <see cref="FewestHours"/>. The second guards against hours that differ by
/// more than chance, which intervals of independent operations do not know.
/// </summary>
public static class HourWatch
{
    /// <summary>How much worse a figure may be.</summary>
    public static GateLimits Limits { get; } = new(MaxSlowdown: 0.25, MaxSuccessDrop: 0.05);

    /// <summary>Hours to compare with, at least.</summary>
    public const int FewestHours = 3;

    /// <summary>Operations, or peers of a family, that an hour needs.</summary>
    public const int FewestLookups = 40;

    /// <summary>Of all alarms of figures, at most this part is chance (Benjamini and Hochberg).</summary>
    public const double Rate = 0.01;

    /// <summary>Hours over which the rate is held.</summary>
    public const int HoursOfRate = 168;

    /// <summary>Confidence of the shown intervals. Whether there is an alarm is decided by p-values, which are stricter.</summary>
    private const double ShownLevel = Gate.FigureLevel;

    private static readonly AlarmKind[] OfFamilies = [AlarmKind.DialFailures, AlarmKind.NoDht, AlarmKind.Timeouts];

    /// <summary>Compares.</summary>
    /// <param name="hour">The hour.</param>
    /// <param name="reference">The same hours of the days before.</param>
    /// <param name="isLeftOut">Whether an hour does not count for a kind and a subject, because an alarm of it was open then.</param>
    /// <param name="earlier">P-values of earlier hours of the week, in any order.</param>
    public static WatchedFigures Of(
        HourSums hour,
        IReadOnlyList<HourSums> reference,
        Func<AlarmKind, string, ulong, bool> isLeftOut,
        IReadOnlyCollection<double> earlier
    )
    {
        var tests = new List<Test>();
        foreach (var sums in hour.Types.Where(static sums => sums.Operations > 0))
        {
            List<(ulong Hour, TypeSums Sums)> Others(AlarmKind kind) =>
                [
                    .. reference
                        .Where(other => !isLeftOut(kind, Words.Of(sums.Type), other.StartUnixNano))
                        .SelectMany(other => other.Types.Where(type => type.Type == sums.Type).Select(type => (other.StartUnixNano, type)))
                        .Where(static other => other.type.Operations >= FewestLookups),
                ];
            tests.Add(Duration(AlarmKind.DurationP50, 50, sums, Others(AlarmKind.DurationP50)));
            tests.Add(Duration(AlarmKind.DurationP90, 90, sums, Others(AlarmKind.DurationP90)));
            tests.Add(Success(sums, Others(AlarmKind.Success)));
        }

        var families = AgentFamilies.Of([hour, .. reference]);
        foreach (var (family, sums) in families[0])
        {
            foreach (var kind in OfFamilies)
            {
                var others = reference
                    .Zip(families.Skip(1))
                    .Where(other => !isLeftOut(kind, family, other.First.StartUnixNano))
                    .Select(other => (Hour: other.First.StartUnixNano, Sums: other.Second.GetValueOrDefault(family)))
                    .Where(static other => other.Sums.Peers >= FewestLookups)
                    .ToList();
                tests.Add(Family(kind, family, sums, others));
            }
        }

        return Judge(tests, earlier);
    }

    private static WatchedFigures Judge(List<Test> tests, IReadOnlyCollection<double> earlier)
    {
        double[] all = [.. tests.Select(static test => test.PValue).OfType<double>(), .. earlier];
        var sorted = all.Order().ToArray();
        var adjusted = OverRepresentation.Adjust(sorted);
        double? Adjusted(double? p) => p is { } known ? adjusted[Array.BinarySearch(sorted, known) is var at && at < 0 ? ~at : at] : null;
        return new WatchedFigures(
            [
                .. tests.Select(test =>
                    test.PValue is null
                        ? test.Finding
                        : test.Finding with
                        {
                            Adjusted = Adjusted(test.PValue),
                            State =
                                test.IsWithinLimit ? FindingState.Fine
                                : Adjusted(test.PValue) <= Rate && test.IsWorst ? FindingState.Alarm
                                : FindingState.Unsure,
                        }
                ),
            ],
            [.. tests.Select(static test => test.PValue).OfType<double>()]
        );
    }

    private static Test Duration(AlarmKind kind, int percent, TypeSums hour, List<(ulong Hour, TypeSums Sums)> others)
    {
        var finding = Finding(kind, Words.Of(hour.Type), hour.Operations, others, static sums => sums.Operations);
        if (!IsEnough(hour.Durations.Length, others.Count) || others.Any(static other => other.Sums.Durations.IsEmpty))
        {
            return new Test(finding with { Figure = hour.Durations.IsEmpty ? null : Percentile.Of(hour.Durations.AsSpan(), percent) });
        }

        long[] pooled = [.. others.SelectMany(static other => other.Sums.Durations).Order()];
        double figure = Percentile.Of(hour.Durations.AsSpan(), percent);
        double expected = Percentile.Of(pooled, percent);
        var (a, b) = (PercentileBootstrap.Of(pooled, percent), PercentileBootstrap.Of(hour.Durations.AsSpan(), percent));
        var limit = 1 + Limits.MaxSlowdown;
        return new Test(
            finding with
            {
                Figure = figure,
                Expected = expected,
                Interval = PercentileBootstrap.Ratio(a, b, ShownLevel),
            },
            PercentileBootstrap.RatioIsAtMost(a, b, limit),
            figure <= limit * expected,
            others.All(other => Percentile.Of(other.Sums.Durations.AsSpan(), percent) < figure)
        );
    }

    private static Test Success(TypeSums hour, List<(ulong Hour, TypeSums Sums)> others)
    {
        var finding = Finding(AlarmKind.Success, Words.Of(hour.Type), hour.Operations, others, static sums => sums.Operations);
        if (!IsEnough((int)hour.Success.Whole, others.Count))
        {
            return new Test(finding with { Figure = hour.Success.Value });
        }

        var whole = others.Sum(static other => other.Sums.Success.Whole);
        var expected = new Share(others.Sum(static other => other.Sums.Success.Part), whole, null);

        // What failed, so that more is worse.
        static Share Failed(Share success) => new(success.Whole - success.Part, success.Whole, null);
        return new Test(
            finding with
            {
                Figure = hour.Success.Value,
                Expected = expected.Value,
                Interval = Interval(expected, hour.Success),
            },
            PValue(Failed(expected), Failed(hour.Success), Limits.MaxSuccessDrop),
            expected.Value - hour.Success.Value <= Limits.MaxSuccessDrop,
            others.All(other => other.Sums.Success.Value > hour.Success.Value)
        );
    }

    private static Test Family(AlarmKind kind, string family, FamilySums hour, List<(ulong Hour, FamilySums Sums)> others)
    {
        var finding = Finding(kind, family, hour.Peers, others, static sums => sums.Peers);
        var share = new Share(hour.Of(kind), hour.Peers, null);
        if (!IsEnough(hour.Peers, others.Count))
        {
            return new Test(finding with { Figure = share.Value });
        }

        // Peers come back hour after hour, so the hours compared with tell no more than one of them: their mean.
        var expected = new Share(
            (long)Math.Round(others.Average(other => other.Sums.Of(kind))),
            (long)Math.Round(others.Average(static other => other.Sums.Peers)),
            null
        );
        return new Test(
            finding with
            {
                Figure = share.Value,
                Expected = expected.Value,
                Interval = Interval(expected, share),
            },
            PValue(expected, share, Limits.MaxSuccessDrop),
            share.Value - expected.Value <= Limits.MaxSuccessDrop,
            others.All(other => (double)other.Sums.Of(kind) / other.Sums.Peers < share.Value)
        );
    }

    private static bool IsEnough(int lookups, int hours) => lookups >= FewestLookups && hours >= FewestHours;

    private static DifferenceInterval? Interval(Share a, Share b) =>
        ShareDifference.Of(a, b, ShownLevel) is { } interval ? new DifferenceInterval(interval.Low, interval.High) : null;

    /// <summary>One-sided p-value of a share that is greater by more than a limit: the least tail whose interval lies beyond it.</summary>
    private static double PValue(Share a, Share b, double limit)
    {
        bool IsBeyond(double tail) => ShareDifference.Of(a, b, 1 - (2 * tail)) is { } interval && interval.Low > limit;
        var (low, high) = (Math.Log(1e-12), Math.Log(0.5));
        if (!IsBeyond(Math.Exp(high)))
        {
            return 1;
        }

        for (var i = 0; i < 40; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = IsBeyond(Math.Exp(middle)) ? (low, middle) : (middle, high);
        }

        return Math.Exp(high);
    }

    private static AlarmFinding Finding<T>(
        AlarmKind kind,
        string subject,
        int restsOn,
        List<(ulong Hour, T Sums)> others,
        Func<T, int> count
    ) =>
        new()
        {
            Kind = kind,
            Subject = subject,
            State = FindingState.TooFew,
            RestsOn = restsOn,
            ExpectedRestsOn = others.Sum(other => count(other.Sums)),
            Reference = [.. others.Select(static other => other.Hour)],
        };

    /// <summary>One figure before the false discovery rate is held.</summary>
    /// <param name="Finding">The figure.</param>
    /// <param name="PValue">P-value; null when there is too little to test.</param>
    /// <param name="IsWithinLimit">Whether the figure itself is within the limit.</param>
    /// <param name="IsWorst">Whether it is worse than in each of the hours compared with.</param>
    private sealed record Test(AlarmFinding Finding, double? PValue = null, bool IsWithinLimit = false, bool IsWorst = false);
}

/// <summary>What is found in one hour.</summary>
/// <param name="Findings">One for each figure.</param>
/// <param name="PValues">P-values of the figures that were tested.</param>
public sealed record WatchedFigures(ImmutableArray<AlarmFinding> Findings, ImmutableArray<double> PValues);
