using System.Collections.Immutable;
using System.Globalization;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Compare;

/// <summary>Two sets of queries, or up to eight single ones, side by side.</summary>
internal sealed class CompareModel(TraceStore store, TimeProvider clock) : PageModel
{
    /// <summary>Single queries side by side at most.</summary>
    public const int MostSingles = 8;

    private const int ListLength = 12;

    /// <summary>The first set.</summary>
    public ComparedSet A { get; private set; } = null!;

    /// <summary>The second set.</summary>
    public ComparedSet B { get; private set; } = null!;

    /// <summary>The comparison; null when nothing was asked.</summary>
    public Comparison? Result { get; private set; }

    /// <summary>Peers that queries of B met more often than those of A.</summary>
    public ImmutableArray<OverRepresented> Peers { get; private set; } = [];

    /// <summary>Both sets by day and hour.</summary>
    public HeatMap Heat { get; private set; } = null!;

    /// <summary>Single queries; empty when sets are compared.</summary>
    public IReadOnlyList<Query> Singles { get; private set; } = [];

    /// <summary>Links of single queries that are not here.</summary>
    public int MissingSingles { get; private set; }

    /// <summary>A set is larger than what is read of it.</summary>
    public bool IsCut { get; private set; }

    /// <summary>What was not understood.</summary>
    public IEnumerable<string> Problems => A.Address.Problems.Concat(B.Address.Problems);

    /// <summary>Comparisons that everybody asks for, with times that stay what they are.</summary>
    public IReadOnlyList<(string Title, string Address)> Presets
    {
        get
        {
            var now = clock.GetUtcNow();
            var hour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
            return
            [
                ("the last full hour against the same hour yesterday", Between(hour.AddHours(-25), hour.AddHours(-24), hour.AddHours(-1), hour)),
                ("the last 24 hours against the 24 before", Between(hour.AddHours(-48), hour.AddHours(-24), hour.AddHours(-24), hour)),
                ("the last 7 days against the 7 before", Between(hour.AddDays(-14), hour.AddDays(-7), hour.AddDays(-7), hour)),
            ];
        }
    }

    /// <summary>Compares.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        A = ComparedSet.Parse("a", Request.Query);
        B = ComparedSet.Parse("b", Request.Query);
        var ids = Request.Query["q"].Select(static text => QueryId.TryParse(text, out var id) ? id : (QueryId?)null).OfType<QueryId>().Distinct().Take(MostSingles).ToList();
        if (ids.Count > 0)
        {
            await ReadSinglesAsync(ids, cancellationToken);
        }
        else if ((A.IsGiven || B.IsGiven) && !Problems.Any())
        {
            var a = await A.ReadAsync(store, cancellationToken);
            var b = await B.ReadAsync(store, cancellationToken);
            IsCut = a.Count == StatisticsScope.MostQueries || b.Count == StatisticsScope.MostQueries;
            Result = Comparison.Of(a, b);
            Heat = HeatMap.Of(HourlyFacts.Of(a.UnionBy(b, static fact => fact.Id)));
            Peers = await PeersAsync(a, b, cancellationToken);
        }
    }

    /// <summary>A value of a figure in its unit.</summary>
    public static string? Value(FigureUnit unit, double? value, bool signed = false) => value is not { } known ? null : (signed && known > 0 ? "+" : "") + unit switch
    {
        FigureUnit.Nanoseconds => DurationText.Of((long)known),
        FigureUnit.Share => (known * 100).ToString("0.#", CultureInfo.InvariantCulture) + (signed ? " points" : " %"),
        _ => known.ToString("0.##", CultureInfo.InvariantCulture),
    };

    /// <summary>Class of a cell of the heat map: 0 to 6 on a logarithmic scale of the medians.</summary>
    public string HeatClass(long? medianNs)
    {
        if (medianNs is not { } median || Heat is not { LeastMedianNs: { } least, GreatestMedianNs: { } greatest })
        {
            return "h-none";
        }

        var range = Math.Log(Math.Max(1, greatest)) - Math.Log(Math.Max(1, least));
        return range <= 0 ? "h3" : $"h{(int)Math.Round(6 * (Math.Log(Math.Max(1, median)) - Math.Log(Math.Max(1, least))) / range)}";
    }

    private static string Between(DateTimeOffset fromA, DateTimeOffset toA, DateTimeOffset fromB, DateTimeOffset toB)
    {
        static string Text(DateTimeOffset time) => Uri.EscapeDataString(TimeInput.Text(TimeRange.UnixNano(time)));
        return $"/compare?a.from={Text(fromA)}&a.to={Text(toA)}&b.from={Text(fromB)}&b.to={Text(toB)}";
    }

    private async Task ReadSinglesAsync(IEnumerable<QueryId> ids, CancellationToken cancellationToken)
    {
        var found = new List<Query>();
        foreach (var id in ids)
        {
            if (await store.GetQueryAsync(id, cancellationToken) is { } query)
            {
                found.Add(query);
            }
            else
            {
                MissingSingles++;
            }
        }

        Singles = found;
    }

    private async Task<ImmutableArray<OverRepresented>> PeersAsync(
        IReadOnlyCollection<QueryFacts> a, IReadOnlyCollection<QueryFacts> b, CancellationToken cancellationToken)
    {
        if (a.Count is 0 or > StatisticsScope.MostQueriesOfPeers || b.Count is 0 or > StatisticsScope.MostQueriesOfPeers)
        {
            return [];
        }

        var inA = await MetAsync(A, a, cancellationToken);
        var inB = await MetAsync(B, b, cancellationToken);
        var occurrences = inB.Keys.Select(peer => new Occurrence(peer, inB[peer], inA.GetValueOrDefault(peer)));
        return [.. OverRepresentation.Rank(occurrences, b.Count, a.Count).Where(static peer => peer.LogOdds > 0).Take(ListLength)];
    }

    private async Task<Dictionary<string, int>> MetAsync(ComparedSet set, IEnumerable<QueryFacts> queries, CancellationToken cancellationToken)
    {
        var ids = queries.Select(static query => query.Id).ToHashSet();
        var facts = await store.ListPeerFactsAsync(set.Address.Filter, limit: StatisticsScope.MostQueriesOfPeers, cancellationToken: cancellationToken);
        return facts.Where(fact => (fact.Requests > 0 || !fact.Errors.IsEmpty) && ids.Contains(fact.QueryId))
            .CountBy(static fact => fact.PeerId, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
    }
}
