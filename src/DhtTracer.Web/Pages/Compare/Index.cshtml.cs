using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Storage;
using DhtTracer.Storage.Filters;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Statistics;
using DhtTracer.Web.Search;
using DhtTracer.Web.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Compare;

/// <summary>Two sets of queries, or up to eight single ones, side by side.</summary>
internal sealed class CompareModel(TraceStore store, TimeProvider clock) : PageModel
{
    /// <summary>Single queries side by side at most.</summary>
    public const int MostSingles = 8;

    /// <summary>Parameters of a set for which the form has a field.</summary>
    private static readonly string[] Fields = ["from", "to", "type", "node", "key", "service", "alpha", "source", "outcome", "agent"];

    /// <summary>The first set.</summary>
    public ComparedSet A { get; private set; } = null!;

    /// <summary>The second set.</summary>
    public ComparedSet B { get; private set; } = null!;

    /// <summary>The moment of "before and after", as it was typed.</summary>
    public string? Moment { get; private set; }

    /// <summary>How long before and after it, as it was typed.</summary>
    public string Length { get; private set; } = "1h";

    /// <summary>The comparison; null when nothing was asked, or it was not understood.</summary>
    public SetsView? Result { get; private set; }

    /// <summary>Single queries; empty when sets are compared.</summary>
    public IReadOnlyList<Query> Singles { get; private set; } = [];

    /// <summary>What is not valid, or not in the archive; each a sentence.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>What there is to compare.</summary>
    public OperationFacets Facets { get; private set; } = null!;

    /// <summary>Common comparisons, with fixed times.</summary>
    public IReadOnlyList<(string Title, string Address)> Presets { get; private set; } = [];

    /// <summary>The quick links count back from the latest query, because nothing came in the last hour.</summary>
    public bool PresetsAreOld { get; private set; }

    /// <summary>Title of the page.</summary>
    public string Title =>
        Result is not null ? $"{A.Describe()} against {B.Describe()}"
        : Singles.Count > 0 ? $"{Singles.Count} queries on one time axis"
        : "Compare";

    /// <summary>What the comparison says, for previews of a link to it.</summary>
    public string Description =>
        Result is not null ? Result.Sentence
        : Singles.Count > 0
            ? string.Join(", ", Singles.Select(static query => $"{Wording.Of(query.Type)} {DurationText.Of(query.DurationNs)}")) + "."
        : "Two sets of DHT queries side by side: which is slower, by how much, and whether that is noise.";

    /// <summary>The address of this comparison with absolute times.</summary>
    public string Permalink =>
        Singles.Count > 0
            ? "/compare?" + string.Join('&', Singles.Select(static query => $"q={query.Id}"))
            : ComparedSet.Compare(A.Until(clock.GetUtcNow()), B.Until(clock.GetUtcNow()));

    /// <summary>The address of this comparison with A and B swapped.</summary>
    public string Swapped => ComparedSet.Compare(B.As("a"), A.As("b"));

    /// <summary>Shows the comparison.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        A = await ComparedSet.Parse("a", Request.Query).ResolveAsync(store, cancellationToken);
        B = await ComparedSet.Parse("b", Request.Query).ResolveAsync(store, cancellationToken);
        Problems.AddRange(A.Problems);
        Problems.AddRange(B.Problems);
        if (Request.Query.ContainsKey("moment"))
        {
            if (AroundMoment() is { } address)
            {
                return Redirect(address);
            }
        }
        else if (Request.Query.ContainsKey("q"))
        {
            await ReadSinglesAsync(cancellationToken);
            if (Singles.Count > 0)
            {
                return Page();
            }
        }
        else if ((A.IsGiven || B.IsGiven) && Problems.Count == 0)
        {
            var comparison = await SetComparison.ReadAsync(store, A, B, cancellationToken);
            Response.RegisterForDispose(comparison);
            Result = new SetsView(A, B, comparison);
        }

        Facets = await store.ListFacetsAsync(new QueryFilter(), cancellationToken);
        Presets = [.. ThisHour(clock.GetUtcNow()), .. PresetsUntil(LastFullHour())];
        return Page();
    }

    /// <summary>This comparison with one value of one set changed.</summary>
    public string With(string prefix, string name, string value) =>
        prefix == "a" ? ComparedSet.Compare(A.With(name, value), B) : ComparedSet.Compare(A, B.With(name, value));

    /// <summary>What a set's form must send although it has no field for it.</summary>
    public static IEnumerable<(string Name, string Value)> Hidden(ComparedSet set) =>
        QueryListAddress
            .Names.Where(name => set.Address[name] is not null && !Fields.Contains(name) && name is not ("at" or "sort"))
            .Select(name => ($"{set.Prefix}.{name}", set.Address[name]!));

    /// <summary>What can be compared, by the parameter that chooses it.</summary>
    public IEnumerable<(string Title, string Name, IReadOnlyList<Analysis.Statistics.NamedCount> Counts)> Dimensions =>
        [
            ("Types", "type", Facets.Types),
            ("Nodes", "node", Facets.Nodes),
            ("Services", "service", Facets.Services),
            ("Agent versions met", "agent", Facets.Agents),
            ("Alpha", "alpha", Facets.Alphas),
            ("Sources", "source", Facets.Sources),
        ];

    // The last hour that is over; where nothing came since, the last that has queries, so that no quick link leads to emptiness.
    private DateTimeOffset LastFullHour()
    {
        var hour = HourOf(clock.GetUtcNow());
        if (
            Facets.LastUnixNano is { } last
            && HourOf(DateTimeOffset.UnixEpoch.AddTicks((long)(last / 100))) is var latest
            && latest.AddHours(1) < hour
        )
        {
            PresetsAreOld = true;
            return latest.AddHours(1);
        }

        return hour;
    }

    private static DateTimeOffset HourOf(DateTimeOffset time) => new(time.Year, time.Month, time.Day, time.Hour, 0, 0, TimeSpan.Zero);

    // Not while it has no query, nor in its first minute.
    private IEnumerable<(string Title, string Address)> ThisHour(DateTimeOffset now)
    {
        var (hour, minute) = (HourOf(now), now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMinute)));
        if (minute > hour && Facets.LastUnixNano >= TimeRange.UnixNano(hour))
        {
            yield return (
                "this hour so far against the same minutes of the day before",
                Between(hour.AddDays(-1), minute.AddDays(-1), hour, minute)
            );
        }
    }

    private static (string Title, string Address)[] PresetsUntil(DateTimeOffset hour) =>
        [
            ("the last full hour against the hour before", Between(hour.AddHours(-2), hour.AddHours(-1), hour.AddHours(-1), hour)),
            (
                "the last full hour against the same hour of the day before",
                Between(hour.AddHours(-25), hour.AddHours(-24), hour.AddHours(-1), hour)
            ),
            (
                "the last full hour against the same hour a week before",
                Between(hour.AddHours(-169), hour.AddHours(-168), hour.AddHours(-1), hour)
            ),
            ("the last 24 hours against the 24 before", Between(hour.AddHours(-48), hour.AddHours(-24), hour.AddHours(-24), hour)),
            ("the last 7 days against the 7 before", Between(hour.AddDays(-14), hour.AddDays(-7), hour.AddDays(-7), hour)),
        ];

    private static string Between(DateTimeOffset fromA, DateTimeOffset toA, DateTimeOffset fromB, DateTimeOffset toB)
    {
        static string Text(DateTimeOffset time) => Uri.EscapeDataString(TimeInput.Text(TimeRange.UnixNano(time)));
        return $"/compare?a.from={Text(fromA)}&a.to={Text(toA)}&b.from={Text(fromB)}&b.to={Text(toB)}";
    }

    private string? AroundMoment()
    {
        Moment = Request.Query["moment"].ToString().Trim();
        Length = Request.Query["length"].ToString().Trim() is { Length: > 0 } given ? given : Length;
        if (!TimeInput.TryParse(Moment, out var moment))
        {
            Problems.Add($"\"{Moment}\" (moment) is not a time; write 2026-11-22T08:44, in UTC.");
            return null;
        }

        if (
            !DurationInput.TryParse(Length, out var length)
            || length < TimeSpan.NanosecondsPerTick * TimeSpan.TicksPerSecond
            || (ulong)length > moment
        )
        {
            Problems.Add($"\"{Length}\" (length) is not a duration of a second or more; write 30m, 1h or 24h.");
            return null;
        }

        var time = DateTimeOffset.UnixEpoch.AddTicks((long)(moment / 100));
        var span = TimeSpan.FromTicks(length / 100);
        return Between(time - span, time, time, time + span);
    }

    private async Task ReadSinglesAsync(CancellationToken cancellationToken)
    {
        var found = new List<Query>();
        var given = Request.Query["q"].OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        foreach (var text in given.Take(MostSingles))
        {
            if (!QueryId.TryParse(text, out var id))
            {
                Problems.Add($"\"{(text.Length > 60 ? text[..60] + "…" : text)}\" is not a permalink of a query.");
            }
            else if (await FindAsync(id, cancellationToken) is { } query)
            {
                found.Add(query);
            }
            else
            {
                Problems.Add($"The query {id} is not here: it was not imported, or is no longer kept.");
            }
        }

        if (given.Count > MostSingles)
        {
            Problems.Add($"{given.Count} queries were chosen; the first {MostSingles} are shown.");
        }

        Singles = found;
    }

    // Of an operation its decisive query: the one that gave the answer.
    private async Task<Query?> FindAsync(QueryId id, CancellationToken cancellationToken)
    {
        var operation = await store.GetOperationAsync(id, cancellationToken);
        return operation is null
            ? await store.GetQueryAsync(id, cancellationToken)
            : operation.Queries.FirstOrDefault(query => query.Id == operation.Operation.Decisive);
    }
}
