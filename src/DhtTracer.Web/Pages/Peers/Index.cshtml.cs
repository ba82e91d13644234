using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Storage.Statistics;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Peers;

/// <summary>The peers that queries met, over a stretch of time.</summary>
internal sealed class PeersModel(TraceStore store, TimeProvider clock) : PageModel
{
    /// <summary>Peers on one page.</summary>
    public const int PageSize = 100;

    private static readonly string[] Fields = ["service"];

    /// <summary>What is looked for.</summary>
    public PeerSearch Search { get; private set; } = null!;

    /// <summary>What was found.</summary>
    public PeerPage Found { get; private set; } = new([], 0, 0);

    /// <summary>How the stretch of time is chosen.</summary>
    public TimeRangeChooser Chooser =>
        new("/peers", Search.Range, Search.Address, Fields, [("find", Search.Find), ("order", Search.Order)]);

    /// <summary>Services to choose from.</summary>
    public IReadOnlyList<string> Services { get; private set; } = [];

    /// <summary>Which page, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>Shows the peers.</summary>
    public async Task OnGetAsync([FromQuery(Name = "page")] int? number, CancellationToken cancellationToken)
    {
        Search = await PeerSearch.Parse(Request.Query, clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        Services = await store.ListServicesAsync(cancellationToken);
        Number = Math.Max(1, number ?? 1);
        if (Search.Problems.Count == 0)
        {
            // An address may name a page behind the last.
            Found = await Search.ReadAsync(store, (int)Math.Min((Number - 1L) * PageSize, int.MaxValue), PageSize, cancellationToken);
            if (Found is { Peers.Count: 0, Count: > 0 })
            {
                Number = (Found.Count + PageSize - 1) / PageSize;
                Found = await Search.ReadAsync(store, (Number - 1) * PageSize, PageSize, cancellationToken);
            }
        }
    }

    /// <summary>The page before this one; null on the first.</summary>
    public string? PreviousPage => Number > 1 ? Address(page: Number - 1) : null;

    /// <summary>The page after this one; null on the last.</summary>
    public string? NextPage => Number * PageSize < Found.Count ? Address(page: Number + 1) : null;

    /// <summary>Which peers this page shows, of how many.</summary>
    public string Place => $"{((Number - 1) * PageSize) + 1:N0} to {Math.Min(Number * PageSize, Found.Count):N0} of {Found.Count:N0}";

    /// <summary>The address of this page with something changed.</summary>
    public string Address(string? order = null, int page = 1) =>
        $"/peers?{Stretch}&order={order ?? Search.Order}"
        + (Search.Find is null ? "" : "&find=" + Uri.EscapeDataString(Search.Find))
        + Narrowed
        + (page > 1 ? $"&page={page}" : "");

    /// <summary>The page of a peer over the same queries.</summary>
    public string PeerAddress(PeerSummary peer) => $"/peers/{Uri.EscapeDataString(peer.PeerId)}?{Stretch}{Narrowed}";

    private string Stretch =>
        Search.Range.Name == "custom"
            ? string.Join(
                '&',
                Bounds
                    .Where(name => Search.Address[name] is not null)
                    .Select(name => $"{name}={Uri.EscapeDataString(Search.Address[name]!)}")
            )
            : "range=" + Search.Range.Name;

    private static readonly string[] Bounds = ["from", "to"];

    private string Narrowed => Search.Address.With(("from", null), ("to", null), ("sort", null)).Parameters().Replace('?', '&');
}
