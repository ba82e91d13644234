// Over 300 lines, because everything that the parts of the page show is one model.
using System.Globalization;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Network;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Storage;
using DhtTracer.Storage.Network;
using DhtTracer.Storage.Queries;
using DhtTracer.Web.Analysed;
using DhtTracer.Web.Live;
using DhtTracer.Web.Pages.Traces;
using DhtTracer.Web.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>One query: its waterfall, why it took so long, how it converged, how busy it was, and who named whom.</summary>
internal sealed class QueryPageModel(TraceStore store, AnalysedTraces traces, TimeProvider clock) : PageModel
{
    /// <summary>Queries of the same operation that are listed; one call of js-libp2p can make hundreds.</summary>
    private const int MostSiblings = 12;

    /// <summary>Queries that are offered for a short link that fits several.</summary>
    private const int MostCandidates = 20;

    /// <summary>A short link has at least so many digits, else it would fit too many.</summary>
    private const int ShortestPrefix = 6;

    /// <summary>How long after its end spans of a query are expected: exporters send in batches, some seconds apart.</summary>
    private static readonly TimeSpan StillArriving = TimeSpan.FromSeconds(30);

    /// <summary>How long after the last thing known of a query without an end more of it is expected.</summary>
    private static readonly TimeSpan StillRunning = TimeSpan.FromHours(1);

    public Query Query { get; private set; } = null!;

    public WaterfallView View { get; private set; } = null!;

    /// <summary>Why it took as long as it did.</summary>
    public Explanation Explanation { get; private set; } = null!;

    /// <summary>What the rules of lookups say of it.</summary>
    public QueryLint Lint { get; private set; } = null!;

    /// <summary>What the sender said of an end that is no failure; null when it said nothing.</summary>
    public string? EndText => EndedWithoutFailure ? Query.Error?.Text : null;

    /// <summary>The error of a query that failed; null when it did not.</summary>
    public TraceError? Failure => EndedWithoutFailure ? null : Query.Error;

    /// <summary>What the number of seen peers counts.</summary>
    public string SeenNote =>
        Query.Counts.SeenComplete
            ? "Distinct peers heard of, routing-table seeds included"
            : "At least so many distinct peers were heard of: the trace does not show the answers of all";

    private bool EndedWithoutFailure => Query.Outcome is QueryOutcome.NotFound or QueryOutcome.Cancelled or QueryOutcome.TimedOut;

    /// <summary>What the eclipse test says of it; null without a closest set, and with too few other lookups.</summary>
    public EclipseVerdict? Eclipse { get; private set; }

    /// <summary>Whether retention leaves its trace alone.</summary>
    public bool Pinned { get; private set; }

    /// <summary>What if, for the part of the page that asks it.</summary>
    public WhatIfView? WhatIf { get; private set; }

    /// <summary>The spans of its trace, for the part of the page that shows them.</summary>
    public SpanTreeView? Spans { get; private set; }

    /// <summary>The queries before and after it of the same key.</summary>
    public QueryNeighbours Neighbours { get; private set; } = new(null, null);

    /// <summary>The operation that it is a query of; null when the query is all of it and nothing hangs above.</summary>
    public Operation? Operation { get; private set; }

    /// <summary>What is not known of its operation, when the query is all of it; else the page of the operation says it.</summary>
    public IEnumerable<string> Notes { get; private set; } = [];

    /// <summary>Other queries of the same operation: the other half of Kubo's dual DHT.</summary>
    public IReadOnlyList<QuerySummary> Siblings { get; private set; } = [];

    /// <summary>Not empty when a short link fits several queries.</summary>
    public IReadOnlyList<QueryId> Candidates { get; private set; } = [];

    /// <summary>How it follows its query; null when nothing more is to come.</summary>
    public LivePage? Live { get; private set; }

    /// <summary>Not null while the query was begun from this site and nothing of it has arrived: its permalink.</summary>
    public Waiting? WaitingFor { get; private set; }

    /// <summary>Seconds after which a browser without scripts asks again, while a query that was begun from this site runs; null for
    /// never.</summary>
    public int? RefreshSeconds { get; private set; }

    /// <summary>The filters worth offering: an empty one only when it is chosen.</summary>
    public IEnumerable<PeerFilter> Filters => AllFilters.Where(filter => IsOffered(filter) || View.Filter == filter);

    private static readonly PeerFilter[] AllFilters =
    [
        PeerFilter.All,
        PeerFilter.Contacted,
        PeerFilter.Completed,
        PeerFilter.Sent,
        PeerFilter.Failed,
        PeerFilter.Unfinished,
        PeerFilter.Cancelled,
        PeerFilter.Unknown,
        PeerFilter.Unqueried,
    ];

    /// <summary>What rows can be sorted by.</summary>
    public static IReadOnlyList<PeerSort> Sorts { get; } = [PeerSort.Order, PeerSort.Xor, PeerSort.Hops, PeerSort.Start, PeerSort.Duration];

    /// <summary>The title of the tab: type, key and outcome, so that tabs can be told apart.</summary>
    public string Title
    {
        get
        {
            var key = Query.Key is { } known ? " " + IdText.Short(known.Text) : "";
            var part = View.Address.Tab == QueryTab.Waterfall ? "" : $" · {View.Address.Tab}";
            return $"{Wording.Of(Query.Type)}{key} · {Wording.Of(Query.Outcome)}{part}";
        }
    }

    /// <summary>The address of this query, without the state of the page.</summary>
    public string Permalink => $"/q/{Query.Id}";

    /// <summary>Shows the query.</summary>
    public async Task<IActionResult> OnGetAsync(string id, [FromQuery] QueryPageParameters parameters, CancellationToken cancellationToken)
    {
        if (!QueryId.TryParse(id, out var queryId))
        {
            return await FindAsync(id, cancellationToken);
        }

        if (id != queryId.ToString())
        {
            return RedirectPermanent($"/q/{queryId}{Request.QueryString}");
        }

        var waiting = Waiting.Parse(queryId, Request.Query["follow"], clock.GetUtcNow());
        var stamp = store.Changes.Stamp;
        var trace = await traces.GetTraceAsync(queryId.TraceId, cancellationToken);
        var queries = trace?.Queries ?? [];
        if (queries.FirstOrDefault(candidate => candidate.Query.Id == queryId) is not { } analysed)
        {
            if (trace is not null && await traces.MovedToAsync(queryId, trace, cancellationToken) is { } joined)
            {
                return Redirect(joined.Decisive is { } decisive ? $"/q/{decisive}{Request.QueryString}" : $"/o/{joined.Id}");
            }

            if (waiting is not null)
            {
                WaitingFor = waiting;
                RefreshSeconds = waiting.Ends ? null : 2;
                Live = new LivePage
                {
                    Mode = "page",
                    Stamp = stamp,
                    Query = queryId.ToString(),
                };
                return Page();
            }

            return queries.IsEmpty && await store.GetDeletedAsync(queryId.TraceId, cancellationToken) is not null
                ? StatusCode(410)
                : NotFound();
        }

        if (parameters.Peer is { } peer)
        {
            return RedirectToRow(analysed.Query, peer, parameters);
        }

        Show(analysed, parameters);
        Live = MayGrow(Query)
            ? new LivePage
            {
                Mode = "page",
                Stamp = stamp,
                Query = queryId.ToString(),
            }
            : null;
        RefreshSeconds = waiting is not null && Query.Outcome == QueryOutcome.Incomplete ? 2 : null;
        var owner = trace!.Operations.FirstOrDefault(operation => operation.Queries.Any(query => query.Id == queryId));
        Notes = owner is { Queries.Length: 1 } ? QueryNotes.OfOperation(owner) : [];
        Operation =
            owner is not null && (owner.Id != queryId || owner.Queries.Length > 1 || !owner.Context.IsEmpty || !owner.Parts.IsEmpty)
                ? owner
                : null;
        Siblings =
        [
            .. queries
                .Select(other => other.Query)
                .Where(other => other.OperationId == Query.OperationId && other.Id != Query.Id)
                .Take(MostSiblings),
        ];
        Neighbours = await store.NeighboursAsync(queryId, cancellationToken);
        Eclipse = await EclipseReading.ReadAsync(store, Query, cancellationToken);
        Pinned = await store.Upkeep.IsPinnedAsync(queryId.TraceId, cancellationToken);
        WhatIf = View.Address.Tab == QueryTab.Why ? new WhatIfView(Query, parameters, Explanation.Culprits) : null;
        if (View.Address.Tab == QueryTab.Spans && await store.GetTraceAsync(queryId.TraceId, cancellationToken) is { Count: > 0 } spans)
        {
            Spans = new SpanTreeView(spans, View.Address.ToString(), parameters.Page, queryId.SpanId);
        }

        return Page();
    }

    /// <summary>For a script: the details of one row, as the page itself shows them with <c>row=p12</c>.</summary>
    public async Task<IActionResult> OnGetRowAsync(
        string id,
        [FromQuery] QueryPageParameters parameters,
        CancellationToken cancellationToken
    ) =>
        await TryShowAsync(id, parameters, cancellationToken) && View.Details is { } details
            ? Partial("QueryDetails/_RowDetails", details)
            : NotFound();

    /// <summary>For a script: places of the rows in which a text is found, as the page itself shows them with <c>find=text</c>.</summary>
    public async Task<IActionResult> OnGetFindAsync(
        string id,
        [FromQuery] QueryPageParameters parameters,
        CancellationToken cancellationToken
    ) =>
        await TryShowAsync(id, parameters, cancellationToken)
            ? new JsonResult(new { text = View.FoundText, places = View.FoundPlaces })
            : NotFound();

    /// <summary>For a script: the time axis and its grid, as the page itself shows them with <c>t=1.2s-3.4s</c>.</summary>
    public async Task<IActionResult> OnGetAxisAsync(
        string id,
        [FromQuery] QueryPageParameters parameters,
        CancellationToken cancellationToken
    ) => await TryShowAsync(id, parameters, cancellationToken) ? Partial("QueryDetails/_TimeScale", View) : NotFound();

    /// <summary>How many peers a filter shows.</summary>
    public int Count(PeerFilter filter) =>
        filter switch
        {
            PeerFilter.All => Query.Peers.Length,
            PeerFilter.Contacted => Query.Peers.Length - View.NotContacted,
            _ => View.Groups.GetValueOrDefault(filter),
        };

    private bool IsOffered(PeerFilter filter) =>
        filter switch
        {
            PeerFilter.All or PeerFilter.Completed or PeerFilter.Failed or PeerFilter.Unqueried => true,
            PeerFilter.Contacted => View.NotContacted > 0 && View.NotContacted < Query.Peers.Length,
            _ => Count(filter) > 0,
        };

    /// <summary>Whether more of a query is to be expected: its root has not come, or only just, and spans come in any order.</summary>
    private bool MayGrow(Query query)
    {
        var last = TimeText.Point(query.StartUnixNano + (ulong)Math.Max(0, query.DurationNs ?? Waterfall.AxisLength(query)));
        return clock.GetUtcNow().UtcDateTime - last < (query.DurationNs is null ? StillRunning : StillArriving);
    }

    private async Task<bool> TryShowAsync(string id, QueryPageParameters parameters, CancellationToken cancellationToken)
    {
        if (!QueryId.TryParse(id, out var queryId) || await traces.GetAsync(queryId, cancellationToken) is not { } analysed)
        {
            return false;
        }

        Show(analysed, parameters);
        return true;
    }

    private void Show(AnalysedQuery analysed, QueryPageParameters parameters)
    {
        Query = analysed.Query;
        Explanation = analysed.Explanation;
        Lint = analysed.Lint;
        var address = WaterfallAddress.Parse(Query.Id, parameters);
        View = new WaterfallView(Query, address, Explanation.Path, Query.Outcome == QueryOutcome.Incomplete && MayGrow(Query));
    }

    // A link from another page knows the peer, not its place.
    private RedirectResult RedirectToRow(Query query, string peer, QueryPageParameters parameters)
    {
        var place = query.Peers.ToList().FindIndex(candidate => candidate.Id == peer) + 1;
        var address = WaterfallAddress.Parse(query.Id, parameters) with { Row = place > 0 ? place : null };
        return Redirect(place > 0 ? string.Create(CultureInfo.InvariantCulture, $"{address}#p{place}") : address.ToString());
    }

    /// <summary>A short link: the first digits of the trace id.</summary>
    private async Task<IActionResult> FindAsync(string prefix, CancellationToken cancellationToken)
    {
        if (prefix.Length is < ShortestPrefix or > 48 || !prefix.All(character => char.IsAsciiHexDigit(character) || character == '-'))
        {
            return NotFound();
        }

        Candidates = await store.FindByPrefixAsync(prefix.ToLowerInvariant(), MostCandidates, cancellationToken);
        return Candidates switch
        {
            [] => NotFound(),
            [var only] => Redirect($"/q/{only}{Request.QueryString}"),
            _ => Page(),
        };
    }
}
