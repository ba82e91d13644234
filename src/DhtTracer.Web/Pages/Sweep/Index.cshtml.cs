using DhtTracer.Analysis.Sweeps;
using DhtTracer.Storage;
using DhtTracer.Storage.Filters;
using DhtTracer.Storage.Sweeps;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Sweep;

/// <summary>A Kubo's provide sweep: the key space over time.</summary>
internal sealed class SweepModel(TraceStore store) : PageModel
{
    /// <summary>Most rows of the table of regions.</summary>
    public const int MostRegions = 500;

    /// <summary>Most warnings that are listed.</summary>
    public const int MostWarnings = 50;

    /// <summary>Text fields of the form: name, hint and label.</summary>
    public static IReadOnlyList<(string Name, string Hint, string Label)> Fields { get; } =
    [
        ("from", "from, UTC", "From, UTC"),
        ("to", "until, UTC", "Until, UTC"),
        ("interval", "interval, 22h", "Interval of reprovides, if it is unknown"),
    ];

    /// <summary>What is looked at.</summary>
    public SweepSearch Search { get; private set; } = null!;

    /// <summary>What was found; null when the address is not understood.</summary>
    public SweepAnswer? Found { get; private set; }

    /// <summary>The report.</summary>
    public SweepReport Report => Found!.Report;

    /// <summary>The drawing.</summary>
    public SweepChart Chart { get; private set; } = null!;

    /// <summary>The turns of the key that is looked for, by time.</summary>
    public IReadOnlyList<SweepTurn> Turns { get; private set; } = [];

    /// <summary>Shows the sweep.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        Search = SweepSearch.Parse(Request.Query);
        if (Search.Problems.Count > 0)
        {
            return;
        }

        Found = await Search.ReadAsync(store, cancellationToken);
        Turns = Search.Key is { } key ? Report.TurnsOf(key) : [];
        Chart = new SweepChart(Report, Search.Key);
    }

    /// <summary>What the address says of a field of the form.</summary>
    public string Written(string name) => Request.Query[name].ToString();

    /// <summary>The page at a time on offer: its last hours, or all of it.</summary>
    public string Last(TimeSpan? length) =>
        "/sweep?"
        + Rest("from", "to")
        + (
            length is { } span && Report.EndUnixNano > (ulong)span.Ticks * 100
                ? "from=" + Uri.EscapeDataString(TimeInput.Text(Report.EndUnixNano - ((ulong)span.Ticks * 100)))
                : "from=1970-01-02"
        );

    /// <summary>The page of a key, over the same time.</summary>
    public string OfKey(string key) => "/sweep?" + Rest("key") + "key=" + Uri.EscapeDataString(key);

    /// <summary>The same as JSON.</summary>
    public string Json => "/api/v1/sweep" + Request.QueryString.Value;

    /// <summary>What is wrong with a region in one word or two; null if nothing is known to be wrong.</summary>
    public static string? StateOf(SweepRegion region) =>
        region.IsFailed == true ? "not sent"
        : region.IsOverdue == true ? "overdue"
        : region.IsLate == true ? "was late"
        : null;

    /// <summary>What the last turn of a region sent: to how many of how many peers.</summary>
    public static string? SentOf(SweepRegion region) =>
        region.Turns[^1].Visit.Sends is [.., { Peers: { } peers, Errors: { } errors }] ? $"{peers - errors} of {peers}" : null;

    private string Rest(params ReadOnlySpan<string> without)
    {
        var text = "";
        foreach (var name in Names)
        {
            if (!without.Contains(name) && Request.Query[name].ToString() is { Length: > 0 } value)
            {
                text += $"{name}={Uri.EscapeDataString(value)}&";
            }
        }

        return text;
    }

    private static readonly string[] Names = ["node", "from", "to", "key", "interval"];
}
