using DhtTracer.Analysis.Alarms;
using DhtTracer.Storage;
using DhtTracer.Storage.Alarms;
using DhtTracer.Web.Alarms;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Alarms;

/// <summary>What got worse than the week before, and when.</summary>
internal sealed class AlarmsModel(TraceStore store, AlarmWebhooks webhooks, AlarmWatch watch, TimeProvider clock) : PageModel
{
    /// <summary>Which alarms.</summary>
    public AlarmSearch Search { get; private set; } = null!;

    /// <summary>The alarms.</summary>
    public AlarmList List { get; private set; } = new([], false);

    /// <summary>Start of the hour that was watched last; null when none was.</summary>
    public ulong? LastWatched { get; private set; }

    /// <summary>Why the latest attempt to watch an hour failed; null when it did not.</summary>
    public string? Problem => watch.Problem;

    /// <summary>The receivers of alarms.</summary>
    public IReadOnlyList<WebhookReport> Webhooks => webhooks.Reports;

    /// <summary>The only alarm that is shown, when the address names one.</summary>
    public Alarm? Only => Search.Filter.Id is not null && List.Alarms is [var only, ..] ? only : null;

    /// <summary>Reads the list.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        Search = AlarmSearch.Parse(Request.Query, now);
        if (Search.Problems.Count == 0)
        {
            List = await Search.ReadAsync(store, cancellationToken);
            LastWatched = await AlarmSearch.LastWatchedAsync(store, now, cancellationToken);
        }
    }

    /// <summary>The page with another choice of alarms.</summary>
    public string Link(string show)
    {
        var chooser = Search.Chooser with
        {
            More = [("show", show == "all" ? null : show), ("kind", Search.Filter.Kind is { } kind ? Words.Of(kind) : null)],
        };
        return Search.Range.Name == "custom" ? chooser.Absolute(clock.GetUtcNow()) : chooser.Link(Search.Range.Name);
    }

    /// <summary>An hour as its start: <c>22 Nov 2026 08:00</c>.</summary>
    public static string Hour(ulong unixNano) => $"{Text.TimeText.Date(unixNano)} {Text.TimeText.Clock(unixNano)[..5]}";
}
