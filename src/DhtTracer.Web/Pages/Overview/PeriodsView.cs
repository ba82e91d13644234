using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Storage.Filters;
using DhtTracer.Web.Charts;
using DhtTracer.Web.Search;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.Overview;

/// <summary>Queries by period, and where each period leads.</summary>
internal sealed class PeriodsView
{
    private readonly QueryListAddress _address;

    /// <summary>Lays the periods out.</summary>
    /// <param name="axis">Where they stand.</param>
    /// <param name="address">The list of all these queries.</param>
    public PeriodsView(TimeAxis axis, QueryListAddress address)
    {
        _address = address;
        Axis = axis;
        Durations = LogScale.Fit(
            axis.Periods.Min(period => period.Duration.P50?.Value) ?? 1,
            axis.Periods.Max(period => period.Duration.P99?.Value) ?? 1
        );
        Outcomes =
        [
            .. Enum.GetValues<QueryOutcome>()
                .Where(outcome => axis.Periods.Any(period => period.Outcomes.Any(part => part.Outcome == outcome && part.Count > 0))),
        ];
    }

    /// <summary>Where the periods stand.</summary>
    public TimeAxis Axis { get; }

    /// <summary>Durations in nanoseconds, from the least median to the greatest 99th percentile of the periods.</summary>
    public LogScale Durations { get; }

    /// <summary>Outcomes that occur.</summary>
    public IReadOnlyList<QueryOutcome> Outcomes { get; }

    /// <summary>The percentiles that are drawn, the greatest first. The name is also the class of the line.</summary>
    public static IReadOnlyList<(string Name, Func<Distribution, PercentileFigure?> Pick)> Lines { get; } =
    [
        ("p99", static values => values.P99),
        ("p95", static values => values.P95),
        ("p90", static values => values.P90),
        ("p50", static values => values.P50),
    ];

    /// <summary>The points of a percentile's line in percent of the chart; null where periods without operations break it.</summary>
    /// <param name="pick">The percentile.</param>
    public IEnumerable<(double X, double Y)?> Points(Func<Distribution, PercentileFigure?> pick)
    {
        for (var i = 0; i < Axis.Periods.Count; i++)
        {
            if (i > 0 && Axis.Slot(i) > Axis.Slot(i - 1) + 1)
            {
                yield return null;
            }

            yield return pick(Axis.Periods[i].Duration) is { } figure
                ? (Axis.X(Axis.Slot(i)) + (Axis.Width / 2), Durations.X(figure.Value))
                : null;
        }
    }

    /// <summary>What a hover on a period says of its durations.</summary>
    public string PercentilesOf(PeriodFacts period)
    {
        var parts = Lines.Reverse().Select(line => $"{line.Name} {DurationText.Of(line.Pick(period.Duration)?.Value)}");
        return $"{Axis.NameOf(period)}: {period.Operations} operations, {string.Join(", ", parts)}";
    }

    /// <summary>What a hover on a period says of its outcomes.</summary>
    public string OutcomesOf(PeriodFacts period)
    {
        var parts = period.Outcomes.Where(static part => part.Count > 0).Select(static part => $"{part.Count} {Wording.Of(part.Outcome)}");
        return $"{Axis.NameOf(period)}: {string.Join(", ", parts)}";
    }

    /// <summary>The list of a period's operations within the range, slowest first.</summary>
    public string Link(PeriodFacts period)
    {
        // The first and the last period may reach beyond the range: their figures do not, and neither must their list.
        var from = Math.Max(TimeRange.UnixNano(period.Start), _address.Filter.FromUnixNano ?? 0);
        var to = Math.Min(TimeRange.UnixNano(period.End), _address.Filter.ToUnixNano ?? ulong.MaxValue);
        return _address.With(("from", TimeInput.Text(from)), ("to", TimeInput.Text(to)), ("sort", "slowest")).ToString();
    }
}
