using DhtTracer.Analysis;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Libp2p.Multiformats;
using DhtTracer.Storage;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Peers;

/// <summary>One peer over the queries that met it.</summary>
internal sealed class PeerModel(TraceStore store, TimeProvider clock) : PageModel
{
    /// <summary>Queries that the page lists.</summary>
    public const int ListLength = 50;

    /// <summary>Peer id in base58.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Over which queries.</summary>
    public PeerSearch Search { get; private set; } = null!;

    /// <summary>How the stretch of time is chosen.</summary>
    public TimeRangeChooser Chooser => new($"/peers/{Id}", Search.Range, Search.Address, [], []);

    /// <summary>Its figures; null when no query of the stretch heard of it.</summary>
    public PeerSummary? Summary { get; private set; }

    /// <summary>Its latest queries.</summary>
    public IReadOnlyList<QuerySummary> Queries { get; private set; } = [];

    /// <summary>How far it got in the queries that were read.</summary>
    public IReadOnlyDictionary<QueryId, PeerFacts> Facts { get; private set; } = new Dictionary<QueryId, PeerFacts>();

    /// <summary>Queries that were read.</summary>
    public int QueriesRead { get; private set; }

    /// <summary>Only the latest queries are counted.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Shows the peer.</summary>
    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken)
    {
        if (!PeerId.TryParse(id, out var peer))
        {
            return NotFound();
        }

        if (peer.ToString() != id)
        {
            return RedirectPermanent($"/peers/{peer}{Request.QueryString}");
        }

        Id = id;
        Search = PeerSearch.Parse(Request.Query, clock.GetUtcNow());
        if (Search.Problems.Count == 0)
        {
            (Summary, var list) = await Search.ReadOneAsync(store, id, cancellationToken);
            (QueriesRead, IsCut) = (list.Queries, list.IsCut);
            Facts = list.Facts.DistinctBy(static fact => fact.QueryId).ToDictionary(static fact => fact.QueryId);
            Queries = (await store.ListQueriesAsync(Search.Filter with { Peer = id }, limit: ListLength, cancellationToken: cancellationToken)).Rows;
        }

        return Page();
    }

    /// <summary>How far the peer got in a query, and what went wrong, each said once.</summary>
    public static string Fate(PeerFacts met) => string.Join(", ", met.Errors.Prepend(Words.Of(met.State)).Distinct(StringComparer.Ordinal)).Replace('-', ' ');

    /// <summary>The list of all queries that dialed or asked it.</summary>
    public string List => Search.Range.Narrow(Search.Address).With(("peer", Id), ("background", Search.Address["background"] ?? "1")).ToString();
}
