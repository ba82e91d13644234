using System.Collections.Immutable;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage;
using DhtTracer.Storage.Sweeps;
using DhtTracer.Web.Analysed;
using DhtTracer.Web.Live;
using DhtTracer.Web.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.OperationDetails;

/// <summary>One operation: its sides on one time axis, what hangs around it, and the other operations of its command.</summary>
internal sealed class OperationPageModel(TraceStore store, AnalysedTraces traces, TimeProvider clock) : PageModel
{
    /// <summary>Other operations of the command that are listed.</summary>
    public const int MostOthers = 20;

    /// <summary>How long after its end spans of an operation are expected: exporters send in batches, and requests of a provide come up to
    /// 60 s later.</summary>
    private static readonly TimeSpan StillArriving = TimeSpan.FromSeconds(75);

    /// <summary>How long after the last thing known of an operation without an end more of it is expected.</summary>
    private static readonly TimeSpan StillRunning = TimeSpan.FromHours(1);

    public Operation Operation { get; private set; } = null!;

    /// <summary>Its sides on one axis.</summary>
    public OperationView View { get; private set; } = null!;

    /// <summary>Why its decisive query took as long as it did; null when it asked nobody.</summary>
    public Explanation? Explanation { get; private set; }

    /// <summary>The side that <see cref="Explanation"/> is about; null when only one side asked anybody.</summary>
    public string? VerdictSide =>
        View.Sides.Count(static side => !side.Query.Skipped) > 1 ? View.Sides.FirstOrDefault(static side => side.IsDecisive)?.Name : null;

    /// <summary>Other operations of the same command, by start.</summary>
    public ImmutableArray<Operation> Others { get; private set; } = [];

    /// <summary>Whether retention leaves its trace alone.</summary>
    public bool Pinned { get; private set; }

    /// <summary>How it follows its operation; null when nothing more is to come.</summary>
    public LivePage? Live { get; private set; }

    /// <summary>The address of this operation.</summary>
    public string Permalink => $"/o/{Operation.Id}";

    /// <summary>The title of the tab: type, key and outcome.</summary>
    public string Title =>
        $"{Wording.Of(Operation.Type)}{(Operation.Key is { } key ? " " + IdText.Short(key.Text) : "")} · {Wording.Of(Operation.Outcome)}";

    /// <summary>Shows the operation; the id of one of its queries leads to it.</summary>
    public async Task<IActionResult> OnGetAsync(string id, [FromQuery(Name = "peer")] string? peer, CancellationToken cancellationToken)
    {
        if (!QueryId.TryParse(id, out var wanted))
        {
            return NotFound();
        }

        if (id != wanted.ToString())
        {
            return RedirectPermanent($"/o/{wanted}");
        }

        var stamp = store.Changes.Stamp;
        var trace = await traces.GetTraceAsync(wanted.TraceId, cancellationToken);
        if (trace is null)
        {
            return await store.GetDeletedAsync(wanted.TraceId, cancellationToken) is not null ? StatusCode(410) : NotFound();
        }

        if (trace.Operations.FirstOrDefault(operation => operation.Id == wanted) is not { } found)
        {
            var owner =
                trace.Operations.FirstOrDefault(operation => operation.Queries.Any(query => query.Id == wanted))
                ?? await traces.MovedToAsync(wanted, trace, cancellationToken);
            return owner is null ? NotFound() : Redirect($"/o/{owner.Id}{Request.QueryString}");
        }

        Operation = await FateLogReader.FillAsync(store, found, cancellationToken);
        var sides = found
            .Queries.Select(side => trace.Queries.FirstOrDefault(query => query.Query.Id == side.Id))
            .OfType<AnalysedQuery>()
            .ToList();
        View = new OperationView(found, [.. sides.Select(static side => side.Query)]);
        if (
            peer is not null
            && sides.Where(side => side.Query.Peers.Any(row => row.Id == peer)).MaxBy(side => side.Query.Id == found.Decisive) is { } met
        )
        {
            // A link from the page of a peer leads to its row.
            return Redirect($"/q/{met.Query.Id}?peer={Uri.EscapeDataString(peer)}");
        }

        Explanation = sides.FirstOrDefault(side => side.Query.Id == found.Decisive && !side.Query.Skipped)?.Explanation;
        Others = found.Command is { } command ? [.. trace.Operations.Where(other => other.Command == command && other.Id != found.Id)] : [];
        Pinned = await store.Upkeep.IsPinnedAsync(found.Id.TraceId, cancellationToken);
        Live = MayGrow()
            ? new LivePage
            {
                Mode = "page",
                Stamp = stamp,
                Query = string.Join(' ', found.Queries.Select(static side => side.Id).Append(found.Id).Distinct()),
            }
            : null;
        return Page();
    }

    private bool MayGrow()
    {
        var last = TimeText.Point(Operation.StartUnixNano + (ulong)Math.Max(0, View.EndNs));
        return clock.GetUtcNow().UtcDateTime - last < (Operation.DurationNs is null ? StillRunning : StillArriving);
    }
}
