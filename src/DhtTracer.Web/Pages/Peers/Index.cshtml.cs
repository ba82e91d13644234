using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Peers;

/// <summary>The peers that queries met, over a stretch of time.</summary>
internal sealed class PeersModel(TraceStore store, TimeProvider clock) : PageModel
{
    /// <summary>Peers on one page.</summary>
    public const int PageSize = 100;

    /// <summary>The orders on offer, by the name that addresses use.</summary>
    public static IReadOnlyList<(string Name, string Title)> Orders { get; } =
        [("failed", "most failures"), ("queried", "most queried"), ("seen", "most seen"), ("slow", "slowest median"), ("named", "most named")];

    /// <summary>The stretch of time.</summary>
    public TimeRange Range { get; private set; } = TimeRange.All;

    /// <summary>The order.</summary>
    public string Order { get; private set; } = "failed";

    /// <summary>Ids begin like this.</summary>
    public string? Find { get; private set; }

    /// <summary>Which page, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>Peers in all.</summary>
    public int Count { get; private set; }

    /// <summary>Only the latest queries are counted.</summary>
    public bool IsCut { get; private set; }

    /// <summary>The peers of this page.</summary>
    public IReadOnlyList<PeerSummary> Peers { get; private set; } = [];

    /// <summary>Failed dials and requests of a peer.</summary>
    public static long Failures(PeerSummary peer) => peer.Failures.Sum(static failure => failure.Count);

    /// <summary>Shows the peers.</summary>
    public async Task OnGetAsync(string? range, string? sort, string? find, [FromQuery(Name = "page")] int? number, CancellationToken cancellationToken)
    {
        var address = QueryListAddress.Parse(Request.Query);
        Range = TimeRange.Parse(range, address, clock.GetUtcNow()) ?? TimeRange.All;
        Order = Orders.Any(order => order.Name == sort) ? sort! : "failed";
        Find = string.IsNullOrWhiteSpace(find) ? null : find.Trim();
        var facts = await store.ListPeerFactsAsync(
            new QueryFilter { Background = null, FromUnixNano = Range.FromUnixNano, ToUnixNano = Range.ToUnixNano },
            limit: StatisticsScope.MostQueriesOfPeers, cancellationToken: cancellationToken);
        IsCut = facts.DistinctBy(static fact => fact.QueryId).Count() == StatisticsScope.MostQueriesOfPeers;
        var peers = PeerSummary.Of(Find is null ? facts : facts.Where(fact => fact.PeerId.Contains(Find, StringComparison.Ordinal)));
        Count = peers.Length;
        Number = Math.Clamp(number ?? 1, 1, Math.Max(1, (Count + PageSize - 1) / PageSize));
        Peers = [.. Sorted(peers).Skip((Number - 1) * PageSize).Take(PageSize)];
    }

    /// <summary>The address of this page with something changed.</summary>
    public string Address(string? range = null, string? order = null, int page = 1) =>
        $"/peers?range={range ?? Range.Name}&sort={order ?? Order}"
        + (Find is null ? "" : "&find=" + Uri.EscapeDataString(Find)) + (page > 1 ? $"&page={page}" : "");

    private IOrderedEnumerable<PeerSummary> Sorted(IEnumerable<PeerSummary> peers) => (Order switch
    {
        "queried" => peers.OrderByDescending(static peer => peer.Queried),
        "seen" => peers.OrderByDescending(static peer => peer.Seen),
        "slow" => peers.OrderByDescending(static peer => peer.RequestLatency.P50?.Value ?? -1),
        "named" => peers.OrderByDescending(static peer => peer.NamedByOthers ?? -1),
        _ => peers.OrderByDescending(Failures).ThenByDescending(static peer => peer.Queried),
    }).ThenBy(static peer => peer.PeerId, StringComparer.Ordinal);
}
