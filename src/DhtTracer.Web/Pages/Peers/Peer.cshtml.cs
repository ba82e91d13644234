using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Storage;
using DhtTracer.Storage.Operations;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Peers;

/// <summary>One peer over the operations that met it.</summary>
internal sealed class PeerModel(TraceStore store, TimeProvider clock) : PageModel
{
    /// <summary>Operations that the page lists.</summary>
    public const int ListLength = 50;

    /// <summary>Peer id in base58.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Over which operations.</summary>
    public PeerSearch Search { get; private set; } = null!;

    /// <summary>How the stretch of time is chosen.</summary>
    public TimeRangeChooser Chooser => new($"/peers/{Id}", Search.Range, Search.Address, [], []);

    /// <summary>Its figures; null when no operation of the stretch heard of it.</summary>
    public PeerSummary? Summary { get; private set; }

    /// <summary>Its latest operations.</summary>
    public IReadOnlyList<ListedOperation> Operations { get; private set; } = [];

    /// <summary>How far it got, by operation.</summary>
    public IReadOnlyDictionary<QueryId, PeerFacts> Facts { get; private set; } = new Dictionary<QueryId, PeerFacts>();

    /// <summary>Shows the peer.</summary>
    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken)
    {
        if (Pseudonym.PeerName(id) is not { } peer)
        {
            return NotFound();
        }

        if (peer != id)
        {
            return RedirectPermanent($"/peers/{peer}{Request.QueryString}");
        }

        Id = id;
        Search = await PeerSearch.Parse(Request.Query, clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        if (Search.Problems.Count == 0)
        {
            Summary = (await Search.ReadOneAsync(store, id, cancellationToken)).Peers is [var only, ..] ? only : null;
            var met = Search.Filter with { Peer = id };
            Operations = (await store.ListOperationsAsync(met, limit: ListLength, cancellationToken: cancellationToken)).Rows;
            var facts = await store.ListPeerFactsAsync(met, id, ListLength, cancellationToken);
            Facts = facts
                .Facts.GroupBy(static fact => fact.OperationId)
                .ToDictionary(static group => group.Key, static group => group.MaxBy(static fact => fact.Requests)!);
        }

        return Page();
    }

    /// <summary>How far the peer got in an operation, and what went wrong, each said once.</summary>
    public static string Fate(PeerFacts met) =>
        string.Join(", ", met.Errors.Prepend(Words.Of(met.State)).Distinct(StringComparer.Ordinal)).Replace('-', ' ');

    /// <summary>How long its answer took, or after how long it failed.</summary>
    public static string RequestText(PeerFacts? met) =>
        met?.RequestNs is null && met?.FailedNs is { } failed ? "✗ " + DurationText.Of(failed) : DurationText.Of(met?.RequestNs);

    /// <summary>The list of all operations that dialed or asked it.</summary>
    public string List =>
        Search.Range.Narrow(Search.Address).With(("peer", Id), ("background", Search.Address["background"] ?? "1")).ToString();
}
