using DhtTracer.Web.Ingest;
using DhtTracer.Web.Live;
using DhtTracer.Web.Search;
using DhtTracer.Web.Text;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Ingest;

/// <summary>What comes in, what is refused, and how far its processing is.</summary>
internal sealed class IngestModel(IngestReader reader) : PageModel
{
    /// <summary>The state.</summary>
    public IngestReport Report { get; private set; } = null!;

    /// <summary>Refused requests change no query, so the page looks by the clock.</summary>
    public LivePage Live { get; } = new() { Mode = "tick", EveryMs = 2000 };

    /// <summary>Reads the state.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken) => Report = await reader.ReadAsync(cancellationToken);

    /// <summary>A time as the pages' nanoseconds.</summary>
    public static ulong Nano(DateTimeOffset time) => TimeRange.UnixNano(time);

    /// <summary>Seconds as people read them.</summary>
    public static string Seconds(double seconds) => DhtTracer.Analysis.DurationText.Of((long)(seconds * 1e9));

    /// <summary>How long traces are kept.</summary>
    public string Keep => Report.KeepSeconds is { } seconds
        ? TimeSpan.FromSeconds(seconds) is { TotalDays: >= 1 } days ? $"{days.TotalDays:0.#} days" : Seconds(seconds)
        : "for good";

    /// <summary>The mark and word of an activity.</summary>
    public static string Class(string activity) => activity switch
    {
        "reading" or "waiting" or "finished" => "ok",
        "failed" => "bad",
        "backing-off" => "warn",
        _ => "muted",
    };
}
