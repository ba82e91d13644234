using System.Globalization;
using DhtTracer.Analysis;
using DhtTracer.Storage;
using DhtTracer.Traces;
using DhtTracer.Web.Pages.QueryDetails;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Traces;

/// <summary>The raw spans of a trace, everything that was sent.</summary>
internal sealed class TracePageModel(TraceStore store) : PageModel
{
    /// <summary>Spans on one page.</summary>
    public const int PageSize = 500;

    /// <summary>Queries that are listed above the spans.</summary>
    private const int MostQueries = 20;

    /// <summary>The trace.</summary>
    public TraceId TraceId { get; private set; }

    /// <summary>All its spans in the order of the tree.</summary>
    public IReadOnlyList<SpanNode> Nodes { get; private set; } = [];

    /// <summary>Those of this page.</summary>
    public new IReadOnlyList<SpanNode> Page { get; private set; } = [];

    /// <summary>Which page, from 1.</summary>
    public int PageNumber { get; private set; }

    /// <summary>How many pages.</summary>
    public int PageCount => Math.Max(1, (Nodes.Count + PageSize - 1) / PageSize);

    /// <summary>The services that sent spans.</summary>
    public IReadOnlyList<string> Services { get; private set; } = [];

    /// <summary>The queries of this trace.</summary>
    public IReadOnlyList<QuerySummary> Queries { get; private set; } = [];

    /// <summary>Earliest start.</summary>
    public ulong StartUnixNano { get; private set; }

    /// <summary>From the earliest start to the latest end, in nanoseconds, at least 1.</summary>
    public long AxisNs { get; private set; } = 1;

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
        Nodes = SpanTree.Order(spans);
        PageNumber = Math.Clamp(page ?? 1, 1, PageCount);
        Page = [.. Nodes.Skip((PageNumber - 1) * PageSize).Take(PageSize)];
        Queries = [.. QueryReconstruction.Reconstruct(spans).Take(MostQueries)];
        Services = [.. spans.Select(span => span.Resource.ServiceName).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(5)];
        StartUnixNano = spans.Min(span => span.StartUnixNano);
        AxisNs = Math.Max(1, OffsetNs(spans.Max(span => Math.Max(span.StartUnixNano, span.EndUnixNano))));
        return base.Page();
    }

    /// <summary>A time in nanoseconds after the start of the trace.</summary>
    public long OffsetNs(ulong unixNano) =>
        unixNano >= StartUnixNano ? (long)Math.Min(unixNano - StartUnixNano, long.MaxValue) : -(long)Math.Min(StartUnixNano - unixNano, long.MaxValue);

    /// <summary>Duration of a span that ended; negative when a broken clock says so.</summary>
    public long DurationNs(Span span) => OffsetNs(span.EndUnixNano) - OffsetNs(span.StartUnixNano);

    /// <summary>Where a span's bar begins.</summary>
    public string X(Span span) => RowDrawing.Text(Math.Min(99.6, RowDrawing.Percent(OffsetNs(span.StartUnixNano), AxisNs)));

    /// <summary>How wide it is: to the end of the trace when the span never ended.</summary>
    public string Width(Span span)
    {
        var end = span.EndUnixNano == 0 ? AxisNs : OffsetNs(span.EndUnixNano);
        return RowDrawing.Text(Math.Max(0.4, RowDrawing.Percent(end, AxisNs) - RowDrawing.Percent(OffsetNs(span.StartUnixNano), AxisNs)));
    }

    /// <summary>Class of its bar.</summary>
    public static string? LaneClass(Span span) => span.EndUnixNano == 0 ? "open" : IsError(span) ? "error" : null;

    /// <summary>Whether its status says that it failed.</summary>
    public static bool IsError(Span span) => span.Status?.Code == DhtTracer.Traces.StatusCode.Error;
}
