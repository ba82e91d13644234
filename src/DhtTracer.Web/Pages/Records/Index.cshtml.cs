using System.Collections.Immutable;
using DhtTracer.Analysis.Records;
using DhtTracer.Storage;
using DhtTracer.Storage.Records;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Records;

/// <summary>Records that were touched or published last, and what is wrong with them.</summary>
internal sealed class RecordsModel(TraceStore store) : PageModel
{
    /// <summary>Operations of each kind that the list looks at: three times as many records at most.</summary>
    private const int Looked = 100;

    /// <summary>The records, the one touched last first.</summary>
    public ImmutableArray<RecordLife> Lives { get; private set; } = [];

    /// <summary>Those with an alarm, or all.</summary>
    public IEnumerable<RecordLife> Shown => OnlyAlarms ? Lives.Where(static life => !life.Alarms.IsEmpty) : Lives;

    /// <summary>Whether only records with an alarm are shown.</summary>
    public bool OnlyAlarms { get; private set; }

    /// <summary>Records with an alarm.</summary>
    public int Alarmed => Lives.Count(static life => !life.Alarms.IsEmpty);

    /// <summary>Shows the list, or leads to a record whose key was typed.</summary>
    public async Task<IActionResult> OnGetAsync(
        [FromQuery(Name = "key")] string? key,
        [FromQuery(Name = "show")] string? show,
        CancellationToken cancellationToken
    )
    {
        if (!string.IsNullOrWhiteSpace(key))
        {
            return Redirect(RecordModel.Address(key.Trim()));
        }

        OnlyAlarms = show == "alarms";
        Lives = await RecordReading.ListAsync(store, RecordTimes.Amino, Looked, cancellationToken);
        return Page();
    }
}
