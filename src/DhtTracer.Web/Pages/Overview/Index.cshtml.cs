using System.Collections.Immutable;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Overview;

/// <summary>The figures of a stretch of time.</summary>
internal sealed class OverviewModel(TraceStore store, TimeProvider clock) : PageModel
{
    private const int ListLength = 8;

    /// <summary>What narrows the set beside the time.</summary>
    public QueryListAddress Address { get; private set; } = null!;

    /// <summary>The stretch of time.</summary>
    public TimeRange Range { get; private set; } = TimeRange.All;

    /// <summary>The stretch that a reader sees without asking was empty, so all is shown.</summary>
    public bool FellBack { get; private set; }

    /// <summary>There are more queries than are counted here.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Nothing was ever imported.</summary>
    public bool DatabaseIsEmpty { get; private set; }

    /// <summary>The figures.</summary>
    public OverviewFacts Facts { get; private set; } = null!;

    /// <summary>By hour.</summary>
    public HourlyView Hours { get; private set; } = null!;

    /// <summary>The slowest queries.</summary>
    public ImmutableArray<QueryFacts> Slowest { get; private set; } = [];

    /// <summary>The latest that failed.</summary>
    public ImmutableArray<QueryFacts> Failing { get; private set; } = [];

    /// <summary>Services to choose from.</summary>
    public IReadOnlyList<string> Services { get; private set; } = [];

    /// <summary>The distributions that the table shows, by name and unit.</summary>
    public IReadOnlyList<(string Name, string Explanation, bool IsTime, Distribution Values)> Distributions =>
    [
        ("Duration", "Of every query whose end is known, whatever its outcome", true, Facts.Duration),
        ("Time to first result", "Start to the first provider, record or peer that was looked for", true, Facts.FirstResult),
        ("Discovery", "Start to when the final answer was first known", true, Facts.Discovery),
        ("Hops", "Greatest hops of a queried peer", false, Facts.Hops),
        ("Peers queried", "Peers sent at least one request", false, Facts.PeersQueried),
        ("Duplicate requests", "Requests sent to a peer already asked, per query", false, Facts.Duplicates),
    ];

    /// <summary>Shows the figures.</summary>
    public async Task<IActionResult> OnGetAsync([FromQuery(Name = "range")] string? range, CancellationToken cancellationToken)
    {
        Address = QueryListAddress.Parse(Request.Query);
        Services = await store.ListServicesAsync(cancellationToken);
        var asked = TimeRange.Parse(range, Address, clock.GetUtcNow());
        Range = asked ?? TimeRange.Named("24h", clock.GetUtcNow())!;
        var facts = await FactsAsync(cancellationToken);
        if (facts.Count == 0 && asked is null)
        {
            Range = TimeRange.All;
            facts = await FactsAsync(cancellationToken);
            FellBack = facts.Count > 0;
            DatabaseIsEmpty = facts.Count == 0 && (await store.CountsAsync(cancellationToken)).Traces == 0;
            if (DatabaseIsEmpty)
            {
                return Redirect("/queries");
            }
        }

        IsCut = facts.Count == StatisticsScope.MostQueries;
        Facts = OverviewFacts.Of(facts);
        Hours = new HourlyView(HourlyFacts.Of(facts), Address);
        Slowest = NotableQueries.Slowest(facts, ListLength);
        Failing = NotableQueries.Failing(facts, ListLength);
        return Page();
    }

    /// <summary>The list of queries of this stretch with something more asked for.</summary>
    public string List(params (string Name, string? Value)[] more) => Address.With(
    [
        ("from", Range.FromUnixNano is { } from ? TimeInput.Text(from) : null), ("to", Range.ToUnixNano is { } to ? TimeInput.Text(to) : null), .. more,
    ]).ToString();

    private Task<IReadOnlyList<QueryFacts>> FactsAsync(CancellationToken cancellationToken) => store.ListQueryFactsAsync(
        Address.Filter with { FromUnixNano = Range.FromUnixNano, ToUnixNano = Range.ToUnixNano }, StatisticsScope.MostQueries, cancellationToken);
}
