using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Web.Charts;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Overview;

/// <summary>The figures of a stretch of time.</summary>
internal sealed class OverviewModel(TraceStore store, TimeProvider clock) : PageModel
{
    private const int ListLength = 8;

    private static readonly string[] Fields = ["type", "service"];

    /// <summary>What narrows the set beside the time.</summary>
    public QueryListAddress Address { get; private set; } = null!;

    /// <summary>The stretch of time.</summary>
    public TimeRange Range { get; private set; } = TimeRange.All;

    /// <summary>How the stretch is chosen.</summary>
    public TimeRangeChooser Chooser => new("/", Range, Address, Fields, []);

    /// <summary>This page at exactly these times.</summary>
    public string Absolute => Chooser.Absolute(clock.GetUtcNow());

    /// <summary>Comparisons of these queries with earlier ones.</summary>
    public IReadOnlyList<EarlierStretch> Earlier => EarlierStretch.Of(Range, Address, clock.GetUtcNow());

    /// <summary>What was not understood, each a sentence.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>The stretch that a reader sees without asking was empty, so all is shown.</summary>
    public bool FellBack { get; private set; }

    /// <summary>The operations that are counted.</summary>
    public OperationSet Set { get; private set; } = OperationSet.Empty;

    /// <summary>The figures.</summary>
    public OverviewFacts Facts { get; private set; } = null!;

    /// <summary>By period.</summary>
    public PeriodsView Periods { get; private set; } = null!;

    /// <summary>The slowest operations.</summary>
    public ImmutableArray<OperationFacts> Slowest { get; private set; } = [];

    /// <summary>The latest that failed.</summary>
    public ImmutableArray<OperationFacts> Failing { get; private set; } = [];

    /// <summary>Operations of the same stretch that had nobody to ask (an empty routing table, a local hit): counted in no
    /// figure.</summary>
    public long Skipped { get; private set; }

    /// <summary>Operations of the same stretch that nodes did for themselves; null when they are among the figures.</summary>
    public long? Background { get; private set; }

    /// <summary>Services to choose from.</summary>
    public IReadOnlyList<string> Services { get; private set; } = [];

    /// <summary>The distributions that the table shows, by name and unit.</summary>
    public IReadOnlyList<(string Name, string Explanation, bool IsTime, Distribution Values)> Distributions =>
        [
            ("Duration", "Of every operation whose end is known, whatever its outcome", true, Facts.Duration),
            ("Time to first result", "Start to the first provider, record or peer that was looked for", true, Facts.FirstResult),
            ("Discovery", "Start to when the final answer was first known", true, Facts.Discovery),
            ("Hops", "Greatest hops of a queried peer", false, Facts.Hops),
            ("Peers queried", "Peers sent at least one request", false, Facts.PeersQueried),
            ("Duplicate requests", "Requests sent to a peer already asked, per operation", false, Facts.Duplicates),
        ];

    /// <summary>Shows the figures.</summary>
    public async Task<IActionResult> OnGetAsync([FromQuery(Name = "range")] string? range, CancellationToken cancellationToken)
    {
        Address = QueryListAddress.Parse(Request.Query);
        Services = await store.ListServicesAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var asked = TimeRange.Parse(range, Address, now);
        Range = asked ?? TimeRange.Named("24h", now)!;
        Problems.AddRange(Address.Problems);
        if (range is not null && asked is null)
        {
            Problems.Add(TimeRange.Problem(range));
        }

        if (Problems.Count == 0)
        {
            Set = await ReadAsync(cancellationToken);
            if (Set.Facts.Count == 0 && asked is null && !await FallBackAsync(cancellationToken))
            {
                return Redirect("/queries");
            }
        }

        var filter = Address.Filter with { FromUnixNano = Range.FromUnixNano, ToUnixNano = Range.ToUnixNano };
        if (Problems.Count == 0)
        {
            Skipped = await store.CountOperationsAsync(filter with { Skipped = true }, cancellationToken: cancellationToken);
            Background =
                Address.Filter.Background == false
                    ? await store.CountOperationsAsync(filter with { Background = true }, cancellationToken: cancellationToken)
                    : null;
        }

        Facts = OverviewFacts.Of(Set.Facts);
        Periods = new PeriodsView(TimeAxis.Of(Set, Range, now), Range.Narrow(Address));
        Slowest = NotableOperations.Slowest(Set.Facts, ListLength);
        Failing = NotableOperations.Failing(Set.Facts, ListLength);
        return Page();
    }

    /// <summary>The list of operations of this stretch with something more asked for.</summary>
    public string List(params (string Name, string? Value)[] more) =>
        Range.Narrow(Address).With(("skipped", Address["skipped"] ?? "0")).With(more).ToString();

    /// <summary>The list of the queries of which a text holds, slowest first; null when the text is too long for an address.</summary>
    public string? SlowestWith(string name, string value) =>
        value.Length > QueryListAddress.LongestValue ? null : List((name, value), ("sort", "slowest"));

    /// <summary>The list of the queries that took exactly so long: by nearest rank, a percentile is the duration of one of them at
    /// least.</summary>
    public string ListOf(long durationNs) => List(("min", durationNs + "ns"), ("max", durationNs + "ns"));

    // False when nothing was ever imported: the list of queries then says how to begin.
    private async Task<bool> FallBackAsync(CancellationToken cancellationToken)
    {
        Range = TimeRange.All;
        Set = await ReadAsync(cancellationToken);
        FellBack = Set.Facts.Count > 0;
        return FellBack || (await store.CountsAsync(cancellationToken)).Traces > 0;
    }

    private Task<OperationSet> ReadAsync(CancellationToken cancellationToken) =>
        OperationSet.ReadAsync(
            store,
            Address.Filter with
            {
                FromUnixNano = Range.FromUnixNano,
                ToUnixNano = Range.ToUnixNano,
            },
            cancellationToken
        );
}
