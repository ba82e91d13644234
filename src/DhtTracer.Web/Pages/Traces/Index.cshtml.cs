using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage;
using DhtTracer.Traces.Model;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Traces;

/// <summary>The raw spans of a trace, everything that was sent.</summary>
internal sealed class TracePageModel(TraceStore store) : PageModel
{
    /// <summary>Queries that are listed above the spans.</summary>
    private const int MostQueries = 20;

    public TraceId TraceId { get; private set; }

    public SpanTreeView Tree { get; private set; } = null!;

    /// <summary>The services that sent spans.</summary>
    public IReadOnlyList<string> Services { get; private set; } = [];

    /// <summary>The queries of this trace.</summary>
    public IReadOnlyList<QuerySummary> Queries { get; private set; } = [];

    /// <summary>Whether retention leaves it alone.</summary>
    public bool Pinned { get; private set; }

    /// <summary>Keeps the trace when retention deletes older ones.</summary>
    public Task<IActionResult> OnPostPinAsync(string id, CancellationToken cancellationToken) => PinAsync(id, true, cancellationToken);

    /// <summary>Lets go of the trace.</summary>
    public Task<IActionResult> OnPostUnpinAsync(string id, CancellationToken cancellationToken) => PinAsync(id, false, cancellationToken);

    /// <summary>Shows the spans.</summary>
    public async Task<IActionResult> OnGetAsync(string id, [FromQuery(Name = "page")] int? page, CancellationToken cancellationToken)
    {
        if (!TraceId.TryParse(id, out var traceId))
        {
            return NotFound();
        }

        var spans = await store.GetTraceAsync(traceId, cancellationToken);
        if (spans.Count == 0)
        {
            return NotFound();
        }

        TraceId = traceId;
        Tree = new SpanTreeView(spans, $"/traces/{traceId}", page);
        Pinned = await store.Upkeep.IsPinnedAsync(traceId, cancellationToken);
        Queries = [.. TraceReconstruction.Reconstruct(spans).Queries.Take(MostQueries)];
        Services =
        [
            .. spans
                .Select(span => span.Resource.ServiceName)
                .OfType<string>()
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .Take(5),
        ];
        return Page();
    }

    private async Task<IActionResult> PinAsync(string id, bool pinned, CancellationToken cancellationToken) =>
        TraceId.TryParse(id, out var traceId) && await store.Upkeep.PinAsync(traceId, pinned, cancellationToken)
            ? Redirect($"/traces/{traceId}")
            : NotFound();
}
