using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage;
using DhtTracer.Web.Search;
using DhtTracer.Web.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Providers;

/// <summary>What became of the providers of many block requests.</summary>
internal sealed class ProvidersModel(TraceStore store, TimeProvider clock) : PageModel
{
    /// <summary>Rows of a table.</summary>
    public const int MostRows = 100;

    /// <summary>What narrows the set beside the time.</summary>
    public QueryListAddress Address { get; private set; } = null!;

    /// <summary>The stretch of time.</summary>
    public TimeRange Range { get; private set; } = TimeRange.All;

    /// <summary>How the stretch is chosen.</summary>
    public TimeRangeChooser Chooser => new("/providers", Range, Address, [], []);

    /// <summary>What is not valid, each a sentence.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>The counts.</summary>
    public ProviderFateTally Tally { get; private set; } = new();

    /// <summary>Counts.</summary>
    public async Task OnGetAsync([FromQuery(Name = "range")] string? range, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        Address = await QueryListAddress.Parse(Request.Query, now).ResolveAsync(store, cancellationToken);
        Problems.AddRange(Address.Problems);
        var asked = TimeRange.Parse(range, Address, now);
        Range = asked ?? TimeRange.All;
        if (range is not null && asked is null)
        {
            Problems.Add(TimeRange.Problem(range));
        }

        if (Problems.Count == 0)
        {
            // Background and skipped operations fetch no blocks. Without these conditions the sums are read from an index alone.
            Tally = await store.CountFatesAsync(
                Address.Filter with
                {
                    FromUnixNano = Range.FromUnixNano,
                    ToUnixNano = Range.ToUnixNano,
                    Background = null,
                    Skipped = null,
                },
                cancellationToken
            );
        }
    }

    /// <summary>A share in words.</summary>
    public static string Share(long part, long whole) => whole == 0 ? "–" : Shares.Percent((double)part / whole);
}
