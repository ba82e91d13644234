using DhtTracer.Analysis;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Web.Charts;
using DhtTracer.Web.Search;

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

    /// <summary>The list of a period's operations within the range, slowest first.</summary>
    public string Link(PeriodFacts period)
    {
        // The first and the last period may reach beyond the range: their figures do not, and neither must their list.
        var from = Math.Max(TimeRange.UnixNano(period.Start), _address.Filter.FromUnixNano ?? 0);
        var to = Math.Min(TimeRange.UnixNano(period.End), _address.Filter.ToUnixNano ?? ulong.MaxValue);
        return _address.With(("from", TimeInput.Text(from)), ("to", TimeInput.Text(to)), ("sort", "slowest")).ToString();
    }
}
