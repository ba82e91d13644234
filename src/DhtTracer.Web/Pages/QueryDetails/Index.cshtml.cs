using DhtTracer.Analysis;
using DhtTracer.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>One query as a waterfall.</summary>
internal sealed class QueryPageModel(TraceStore store) : PageModel
{
    /// <summary>Queries of the same operation that are listed; one call of js-libp2p can make hundreds.</summary>
    private const int MostSiblings = 12;

    /// <summary>The query.</summary>
    public Query Query { get; private set; } = null!;

    /// <summary>Its waterfall.</summary>
    public WaterfallView View { get; private set; } = null!;

    /// <summary>Other queries of the same operation: the other half of Kubo's dual DHT.</summary>
    public IReadOnlyList<QuerySummary> Siblings { get; private set; } = [];

    /// <summary>The filters worth offering: an empty one only when it is chosen.</summary>
    public IEnumerable<PeerFilter> Filters =>
        Enum.GetValues<PeerFilter>().Where(filter => filter != PeerFilter.Unfinished || Count(filter) > 0 || View.Address.Show == filter);

    /// <summary>What rows can be sorted by.</summary>
    public static IReadOnlyList<PeerSort> Sorts { get; } = [PeerSort.Order, PeerSort.Xor, PeerSort.Hops, PeerSort.Start, PeerSort.Duration];

    /// <summary>The address of this query, without the state of the page.</summary>
    public string Permalink => $"/q/{Query.Id}";

    /// <summary>Shows the query.</summary>
    public async Task<IActionResult> OnGetAsync(string id, string? sort, string? dir, string? show, string? folded, CancellationToken cancellationToken)
    {
        if (!QueryId.TryParse(id, out var queryId))
        {
            return NotFound();
        }

        if (id != queryId.ToString())
        {
            return RedirectPermanent($"/q/{queryId}{Request.QueryString}");
        }

        var queries = QueryReconstruction.Reconstruct(await store.GetTraceAsync(queryId.TraceId, cancellationToken));
        if (queries.FirstOrDefault(candidate => candidate.Id == queryId) is not { } query)
        {
            return NotFound();
        }

        Query = query;
        Siblings = [.. queries.Where(other => other.OperationId == query.OperationId && other.Id != query.Id).Take(MostSiblings)];
        var address = WaterfallAddress.Parse(queryId, sort, dir, show, folded);
        View = new WaterfallView(Waterfall.Of(query, address.Sort, address.Descending, address.Show), address);
        return Page();
    }

    /// <summary>How many peers a filter shows.</summary>
    public int Count(PeerFilter filter) => filter == PeerFilter.All ? Query.Peers.Length : View.Groups.GetValueOrDefault(filter);
}
