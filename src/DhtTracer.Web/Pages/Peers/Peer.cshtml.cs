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
    private const int ListLength = 50;

    /// <summary>Peer id in base58.</summary>
    public string Id { get; private set; } = "";

    /// <summary>The stretch of time.</summary>
    public TimeRange Range { get; private set; } = TimeRange.All;

    /// <summary>Its figures; null when no query of the stretch contacted it.</summary>
    public PeerSummary? Summary { get; private set; }

    /// <summary>Its latest queries.</summary>
    public IReadOnlyList<QuerySummary> Queries { get; private set; } = [];

    /// <summary>How far it got in these queries.</summary>
    public IReadOnlyDictionary<QueryId, PeerFacts> Facts { get; private set; } = new Dictionary<QueryId, PeerFacts>();

    /// <summary>Only the latest queries are counted.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Shows the peer.</summary>
    public async Task<IActionResult> OnGetAsync(string id, string? range, CancellationToken cancellationToken)
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
        Range = TimeRange.Parse(range, QueryListAddress.Parse(Request.Query), clock.GetUtcNow()) ?? TimeRange.All;
        var filter = new QueryFilter { Background = null, FromUnixNano = Range.FromUnixNano, ToUnixNano = Range.ToUnixNano };
        var facts = await store.ListPeerFactsAsync(filter, id, StatisticsScope.MostQueriesOfPeers, cancellationToken);
        IsCut = facts.Count == StatisticsScope.MostQueriesOfPeers;
        Summary = PeerSummary.Of(facts).FirstOrDefault();
        Facts = facts.DistinctBy(static fact => fact.QueryId).ToDictionary(static fact => fact.QueryId);
        Queries = (await store.ListQueriesAsync(filter with { Peer = id }, limit: ListLength, cancellationToken: cancellationToken)).Rows;
        return Page();
    }
}
