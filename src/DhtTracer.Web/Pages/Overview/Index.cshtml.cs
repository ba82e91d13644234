using System.Collections.Immutable;
using System.Globalization;
using DhtTracer.Analysis.Records;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Storage;
using DhtTracer.Storage.Alarms;
using DhtTracer.Storage.Records;
using DhtTracer.Web.Charts;
using DhtTracer.Web.Search;
using DhtTracer.Web.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Overview;

/// <summary>The figures of a stretch of time.</summary>
internal sealed class OverviewModel(TraceStore store, TimeProvider clock) : PageModel
{
    private const int ListLength = 8;

    /// <summary>Operations of records of each kind that are looked at for alarms: the page must stay fast.</summary>
    private const int RecordsLooked = 40;

    private static readonly string[] Fields = ["type", "service", "q"];

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

    /// <summary>The slowest tenth of these queries compared with the rest; null when no such tenth is known.</summary>
    public string? SlowestAndRest =>
        SlowestShare.Of(Range.Narrow(Address), Facts.Duration.P90?.Value) is var (rest, slow) ? ComparedSet.Compare(rest, slow) : null;

    /// <summary>The same for another share.</summary>
    public string SlowestLink(int percent) =>
        $"/slowest?share={percent}%25&" + Range.Narrow(Address).With(("sort", null)).Parameters().TrimStart('?');

    /// <summary>What is not valid, each a sentence.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Whether the default stretch was empty, so that the whole archive is shown.</summary>
    public bool FellBack { get; private set; }

    /// <summary>The operations that are counted.</summary>
    public OperationColumns Set { get; private set; } = OperationColumns.Empty;

    /// <summary>The figures.</summary>
    public OverviewFacts Facts { get; private set; } = null!;

    /// <summary>By period.</summary>
    public PeriodsView Periods { get; private set; } = null!;

    public IReadOnlyList<OperationFacts> Slowest { get; private set; } = [];

    /// <summary>The latest that failed.</summary>
    public IReadOnlyList<OperationFacts> Failing { get; private set; } = [];

    /// <summary>Operations of the same stretch that had nobody to ask (an empty routing table, a local hit): counted in no
    /// figure.</summary>
    public long Skipped { get; private set; }

    /// <summary>Operations of the same stretch that nodes did for themselves; null when they are among the figures.</summary>
    public long? Background { get; private set; }

    /// <summary>Records that were touched or published last.</summary>
    public ImmutableArray<RecordLife> Records { get; private set; } = [];

    /// <summary>Alarms of these, the worst first.</summary>
    public IEnumerable<(RecordLife Life, RecordAlarm Alarm)> RecordAlarms =>
        Records
            .SelectMany(static life => life.Alarms.Take(1).Select(alarm => (life, alarm)))
            .OrderBy(static pair => pair.alarm.Kind)
            .Take(ListLength);

    /// <summary>Open alarms, latest first.</summary>
    public AlarmList OpenAlarms { get; private set; } = new([], false);

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

    /// <summary>The percentiles of durations that have a tile.</summary>
    public IReadOnlyList<(string Name, PercentileFigure? Figure)> DurationTiles =>
        [("duration p50", Facts.Duration.P50), ("p90", Facts.Duration.P90), ("p95", Facts.Duration.P95), ("p99", Facts.Duration.P99)];

    /// <summary>The figures in one sentence, for previews of a link to the page.</summary>
    public string Description
    {
        get
        {
            if (Facts.Operations == 0)
            {
                return "No operation in this stretch of time.";
            }

            var success = Facts.Success.Value is { } share ? Shares.Percent(share) : "–";
            var median = Facts.Duration.P50 is { } figure ? DurationText.Of(figure.Value) : "–";
            return $"{Facts.Operations:N0} DHT operations, success {success}, median duration {median}.";
        }
    }

    /// <summary>What the share of failed dials is a share of.</summary>
    public string DialFailureNote =>
        $"{Facts.DialFailure.Part:N0} dials that failed, of {Facts.DialFailure.Whole:N0} peers dialed, "
        + "over the operations that tell both";

    /// <summary>What the share of reused connections is a share of.</summary>
    public string ReuseNote =>
        $"{Facts.Reuse.Part:N0} peers reached over a connection that was there already, of {Facts.Reuse.Whole:N0}, "
        + "over the operations that tell it";

    /// <summary>The mean of a distribution; null when nothing of it is known.</summary>
    /// <param name="values">The distribution.</param>
    /// <param name="isTime">Whether its unit is nanoseconds; else it is a count.</param>
    public static string? Mean(Distribution values, bool isTime) =>
        values.Mean is not { } mean ? null
        : isTime ? DurationText.Of((long)Math.Round(mean))
        : mean.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Shows the figures.</summary>
    public async Task<IActionResult> OnGetAsync([FromQuery(Name = "range")] string? range, CancellationToken cancellationToken)
    {
        Address = await QueryListAddress.Parse(Request.Query, clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        Services = await store.ListServicesAsync(cancellationToken);
        OpenAlarms = await store.ListAlarmsAsync(new AlarmFilter { IsOpen = true }, ListLength, cancellationToken);
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
            if (Set.Count == 0 && asked is null && !await FallBackAsync(cancellationToken))
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

        Facts = OverviewFacts.Of(Set);
        Periods = new PeriodsView(TimeAxis.Of(Set, Range, now), Range.Narrow(Address));
        Slowest = await store.ListOperationFactsAsync(NotableOperations.Slowest(Set, ListLength), cancellationToken);
        Records = await RecordReading.ListAsync(store, RecordTimes.Amino, RecordsLooked, cancellationToken);
        Failing = await store.ListOperationFactsAsync(NotableOperations.Failing(Set, ListLength), cancellationToken);
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
        FellBack = Set.Count > 0;
        return FellBack || (await store.CountsAsync(cancellationToken)).Traces > 0;
    }

    private async Task<OperationColumns> ReadAsync(CancellationToken cancellationToken)
    {
        var set = await store.ReadOperationsAsync(
            Address.Filter with
            {
                FromUnixNano = Range.FromUnixNano,
                ToUnixNano = Range.ToUnixNano,
            },
            cancellationToken
        );
        Response.RegisterForDispose(set);
        return set;
    }
}
