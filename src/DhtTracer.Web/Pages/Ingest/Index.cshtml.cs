using DhtTracer.Web.Ingest;
using DhtTracer.Web.Live;
using DhtTracer.Web.Search;
using DhtTracer.Web.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Ingest;

/// <summary>What comes in, what is refused, and how far its processing is.</summary>
[RequestSizeLimit(Uploads.MostBytes)]
[RequestFormLimits(MultipartBodyLengthLimit = Uploads.MostBytes, ValueCountLimit = 64)]
internal sealed class IngestModel(IngestReader reader, Uploads uploads) : PageModel
{
    /// <summary>Problems of an upload that are listed; more are counted.</summary>
    public const int MostProblems = 20;

    /// <summary>The state.</summary>
    public IngestReport Report { get; private set; } = null!;

    /// <summary>Refused requests change no query, so the page is refreshed by a timer.</summary>
    public LivePage Live { get; } = new() { Mode = "tick", EveryMs = 2000 };

    /// <summary>What came of the upload that led here; null when none did.</summary>
    public UploadReport? Uploaded { get; private set; }

    /// <summary>Reads the state.</summary>
    public async Task OnGetAsync(string? upload, CancellationToken cancellationToken)
    {
        Uploaded = uploads.Find(upload);
        Report = await reader.ReadAsync(cancellationToken);
    }

    /// <summary>Imports uploaded files, and redirects to the page that shows the result.</summary>
    public async Task<IActionResult> OnPostUploadAsync(IReadOnlyList<IFormFile> files, CancellationToken cancellationToken)
    {
        var sent = files.Select(static file => new UploadedFile(file.FileName, file.OpenReadStream())).ToList();
        return sent.Count == 0 ? Redirect("/ingest") : Redirect($"/ingest?upload={await uploads.ImportAsync(sent, cancellationToken)}");
    }

    /// <summary>A count with its noun.</summary>
    public static string Count(long count, string noun) => $"{count:N0} {noun}{(count == 1 ? "" : "s")}";

    /// <summary>A time as the pages' nanoseconds.</summary>
    public static ulong Nano(DateTimeOffset time) => TimeRange.UnixNano(time);

    /// <summary>Seconds as people read them.</summary>
    public static string Seconds(double seconds) => DhtTracer.Analysis.Waterfalls.DurationText.Of((long)(seconds * 1e9));

    /// <summary>How long traces are kept.</summary>
    public string Keep =>
        (Report.KeepSeconds, Report.KeepBytes) switch
        {
            (null, null) => "for good",
            (null, { } bytes) => $"up to {ByteText.Of(bytes)}",
            ({ } seconds, null) => Age(seconds),
            ({ } seconds, { } bytes) => $"{Age(seconds)}, up to {ByteText.Of(bytes)}",
        };

    private static string Age(double seconds) =>
        TimeSpan.FromSeconds(seconds) is { TotalDays: >= 1 } days ? $"{days.TotalDays:0.#} days" : Seconds(seconds);

    /// <summary>The mark and word of an activity.</summary>
    public static string Class(string activity) =>
        activity switch
        {
            "reading" or "waiting" or "finished" => "ok",
            "failed" => "bad",
            "backing-off" => "warn",
            _ => "muted",
        };
}
