using System.Globalization;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage;
using DhtTracer.Storage.Operations;
using DhtTracer.Storage.Queries;
using DhtTracer.Web.Exports;
using DhtTracer.Web.Live;
using DhtTracer.Web.Samples;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Queries;

/// <summary>The list of what was asked: one row an operation, its queries below it.</summary>
internal sealed class QueriesModel(TraceStore store, ISampleLoader samples) : PageModel
{
    /// <summary>Operations on one page.</summary>
    public const int PageSize = 50;

    /// <summary>Counting of matches stops at this number.</summary>
    private const long MostCounted = 1_000_000;

    /// <summary>Peers that a search lists.</summary>
    private const int MostPeers = 10;

    private long _slowest;

    /// <summary>What is listed, as the address says it.</summary>
    public QueryListAddress Address { get; private set; } = null!;

    /// <summary>The operations of this page and the cursors beside it.</summary>
    public OperationPage Found { get; private set; } = new([], null, null);

    /// <summary>Operations on all pages, in words.</summary>
    public string Total { get; private set; } = "";

    /// <summary>Operations in the background that pass the other filters, when the list leaves them out; else 0.</summary>
    public long InBackground { get; private set; }

    /// <summary>Peers that the search text names, in base58.</summary>
    public IReadOnlyList<string> Peers { get; private set; } = [];

    /// <summary>What is not valid, or failed; each a sentence.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Services to choose from.</summary>
    public IReadOnlyList<string> Services { get; private set; } = [];

    /// <summary>What just happened.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Whether the archive is empty.</summary>
    public bool DatabaseIsEmpty { get; private set; }

    /// <summary>Traces that arrived and are not analysed yet.</summary>
    public long PendingSpans { get; private set; }

    /// <summary>How it follows: the newest end shows what comes, any other place in the list stays and counts it.</summary>
    public LivePage Live { get; private set; } = null!;

    /// <summary>What narrows the list.</summary>
    public IReadOnlyList<FilterChip> Chips { get; private set; } = [];

    /// <summary>Filters that alone keep the list empty.</summary>
    public IReadOnlyList<FilterChip> Hints { get; private set; } = [];

    /// <summary>The list of the key alone, when an empty list has queries for its key that the other filters keep out; else null.</summary>
    public QueryListAddress? KeyAlone { get; private set; }

    /// <summary>The overview of the same operations.</summary>
    public string Figures
    {
        get
        {
            var parameters = Address.With(("sort", null)).Parameters();
            return Address.Says("from") || Address.Says("to") || Address.Says("since")
                ? "/" + parameters
                : "/?range=all" + parameters.Replace('?', '&');
        }
    }

    /// <summary>The list in the same order without any filter.</summary>
    public string Unfiltered => Address["sort"] is { } sort ? $"/queries?sort={Uri.EscapeDataString(sort)}" : "/queries";

    /// <summary>Where the operations that were added since are counted.</summary>
    public string NewerAddress { get; private set; } = "";

    /// <summary>Whether the samples can be offered.</summary>
    public bool SamplesAvailable => samples.Available;

    /// <summary>
    /// Lists. With <c>rows</c>, permalinks with commas between them, only these: a page that follows its rows asks so, because in the
    /// meantime they may have moved to another page of the list.
    /// </summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if ((PermalinkIn(Request.Query["key"].ToString()) ?? PermalinkIn(Request.Query["q"].ToString())) is { } permalink)
        {
            var ofOperation =
                (await store.FindQueriesAsync(permalink, cancellationToken)) is { Length: > 0 } queries
                && queries.All(query => query.Id != permalink);
            return Redirect(ofOperation ? $"/o/{permalink}" : $"/q/{permalink}");
        }

        await LoadAsync(cancellationToken);
        return Page();
    }

    /// <summary>Loads the samples and shows them.</summary>
    public async Task<IActionResult> OnPostSamplesAsync(CancellationToken cancellationToken)
    {
        try
        {
            var count = await samples.LoadAsync(cancellationToken);
            Notice = $"{count} sample queries were loaded.";
            return Redirect("/queries");
        }
        catch (IOException error)
        {
            Problems.Add(error.Message);
            await LoadAsync(cancellationToken);
            return Page();
        }
    }

    /// <summary>The duration of a row as percent of the slowest of this page; 0 when it is not known.</summary>
    public string ShareOf(ListedOperation row)
    {
        var share = row.Operation.DurationNs is { } duration && _slowest > 0 ? Math.Max(2, 100.0 * duration / _slowest) : 0;
        return share.ToString("0.#", CultureInfo.InvariantCulture) + "%";
    }

    /// <summary>The value of <c>aria-sort</c> of a column; null when the list is sorted by another.</summary>
    public string? AriaSort(QueryColumn column) =>
        Address.Sort == column.Ascending ? "ascending"
        : Address.Sort == column.Descending ? "descending"
        : null;

    /// <summary>The arrow after the title of the column that the list is sorted by; empty for the others.</summary>
    public string Arrow(QueryColumn column) =>
        AriaSort(column) switch
        {
            "ascending" => " ↑",
            "descending" => " ↓",
            _ => "",
        };

    /// <summary>Where the head of a column leads: sorted by it, or turned round when it is already.</summary>
    public QueryListAddress SortedBy(QuerySort first, QuerySort second) =>
        Address.With(
            (
                "sort",
                (Address.Sort == first ? second : first) is var sort && sort == QuerySort.Newest ? null : QueryListAddress.SortName(sort)
            )
        );

    /// <summary>The parameters of the address that exports all queries of this list.</summary>
    public string ExportParameters(ExportFormat format, bool redacted = false) =>
        (Address.With().Parameters() is { Length: > 0 } filters ? $"{filters}&format={format.Name}" : $"?format={format.Name}")
        + (redacted ? $"&{ExportRequest.RedactName}=1" : "");

    /// <summary>The permalink in a text such as a pasted address; null when there is none.</summary>
    private static QueryId? PermalinkIn(string text)
    {
        text = text.Trim();
        var from = Math.Max(text.LastIndexOf("/q/", StringComparison.Ordinal), text.LastIndexOf("/o/", StringComparison.Ordinal))
            is >= 0
                and var at
            ? at + 3
            : 0;
        var end = text.IndexOfAny(['?', '#'], from);
        return QueryId.TryParse(end < 0 ? text[from..] : text[from..end], out var id) ? id : null;
    }

    /// <summary>Finds out which filters keep the list empty: asks for one operation without each of them, and for one with the key
    /// alone.</summary>
    private async Task ExplainEmptyAsync(CancellationToken cancellationToken)
    {
        async Task<bool> HasAnyAsync(QueryListAddress address) =>
            (await store.ListOperationsAsync(address.Filter, limit: 1, cancellationToken: cancellationToken)).Rows.Count > 0;

        var hints = new List<FilterChip>();
        foreach (var chip in Chips)
        {
            if (await HasAnyAsync(chip.Without))
            {
                hints.Add(chip);
            }
        }

        Hints = hints;
        var alone = QueryListAddress.Parse([KeyValuePair.Create("key", Address.Key ?? "")]).With(("sort", Address["sort"]));
        KeyAlone = Address.Key is not null && await HasAnyAsync(alone) ? alone : null;
    }

    private async Task CountAsync(CancellationToken cancellationToken)
    {
        if (Problems.Count > 0)
        {
            return;
        }

        var total = await store.CountOperationsAsync(Address.Filter, MostCounted, cancellationToken);
        Total = $"{(total == MostCounted ? "more than " : "")}{total:N0} {(total == 1 ? "operation" : "operations")}";
        if (Address.Filter.Background == false)
        {
            InBackground = await store.CountOperationsAsync(Address.Filter with { Background = true }, MostCounted, cancellationToken);
        }

        if (Address.Key is { } key)
        {
            Peers = await store.FindPeersAsync(key, MostPeers, cancellationToken);
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        Address = await QueryListAddress.Parse(Request.Query).ResolveAsync(store, cancellationToken);
        Problems.AddRange(Address.Problems);
        Live = new LivePage { Mode = Address is { Sort: QuerySort.Newest, Cursor: null } ? "page" : "rows", Stamp = store.Changes.Stamp };
        var parameters = Address.With(("sort", null)).Parameters();
        NewerAddress =
            $"/api/v1/operations/newer{parameters}{(parameters.Length == 0 ? '?' : '&')}"
            + $"after={await store.LastNumberAsync(cancellationToken)}";
        Services = await store.ListServicesAsync(cancellationToken);
        if (Request.Query["rows"].ToString() is { Length: > 0 } rows)
        {
            var ids = rows.Split(',')
                .Take(PageSize)
                .Select(static text => QueryId.TryParse(text, out var id) ? id : (QueryId?)null)
                .OfType<QueryId>();
            Found = new OperationPage(await store.ListOperationsAsync([.. ids], cancellationToken), null, null);
        }
        else if (Address.Problems.Count == 0)
        {
            try
            {
                Found = await store.ListOperationsAsync(Address.Filter, Address.Sort, Address.Cursor, PageSize, cancellationToken);
            }
            catch (InvalidCursorException)
            {
                Problems.Add("This address points to a place in the list that does not exist; here is its beginning.");
                Address = Address.With();
                Found = await store.ListOperationsAsync(Address.Filter, Address.Sort, null, PageSize, cancellationToken);
            }
        }

        Chips = FilterChip.Of(Address);
        _slowest = Found.Rows.Max(row => row.Operation.DurationNs) ?? 0;
        await CountAsync(cancellationToken);
        if (Found.Rows.Count == 0)
        {
            var counts = await store.CountsAsync(cancellationToken);
            PendingSpans = counts.PendingSpans;
            DatabaseIsEmpty = counts.Queries == 0;
            if (!DatabaseIsEmpty && Chips.Count > 1 && Problems.Count == 0)
            {
                await ExplainEmptyAsync(cancellationToken);
            }
        }
    }
}
