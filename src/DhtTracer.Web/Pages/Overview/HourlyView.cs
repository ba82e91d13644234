using DhtTracer.Analysis;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Web.Charts;
using DhtTracer.Web.Search;

namespace DhtTracer.Web.Pages.Overview;

/// <summary>Queries by hour, and where each hour leads.</summary>
internal sealed class HourlyView
{
    private readonly QueryListAddress address;

    /// <summary>Lays the hours out.</summary>
    public HourlyView(IReadOnlyList<HourlyFacts> hours, QueryListAddress address)
    {
        this.address = address;
        Scale = new HourScale(hours);
        SlowestP99 = Scale.Hours.Max(hour => hour.Duration.P99?.Value) ?? 0;
        Outcomes = [.. Enum.GetValues<QueryOutcome>().Where(outcome => Scale.Hours.Any(hour => hour.Outcomes.Any(part => part.Outcome == outcome && part.Count > 0)))];
    }

    /// <summary>Where the hours stand.</summary>
    public HourScale Scale { get; }

    /// <summary>Greatest 99th percentile of the hours, nanoseconds.</summary>
    public long SlowestP99 { get; }

    /// <summary>Outcomes that occur.</summary>
    public IReadOnlyList<QueryOutcome> Outcomes { get; }

    /// <summary>The list of an hour's queries, slowest first.</summary>
    public string Link(HourlyFacts hour) => address.With(
        ("from", TimeInput.Text(TimeRange.UnixNano(hour.Hour))), ("to", TimeInput.Text(TimeRange.UnixNano(hour.Hour.AddHours(1)))), ("sort", "slowest")).ToString();
}
