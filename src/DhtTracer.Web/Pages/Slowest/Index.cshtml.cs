using DhtTracer.Storage;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Slowest;

/// <summary>Leads to the comparison of the slowest share of a set with the rest.</summary>
internal sealed class SlowestModel(TraceStore store, TimeProvider clock) : PageModel
{
    /// <summary>Why there is nothing to compare, each a sentence.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Finds the duration from which on an operation is slow.</summary>
    public async Task<IActionResult> OnGetAsync(
        [FromQuery(Name = "share")] string? share,
        [FromQuery(Name = "range")] string? range,
        CancellationToken cancellationToken
    )
    {
        var found = await SlowestSearch.ReadAsync(store, Request.Query, share, range, clock.GetUtcNow(), cancellationToken);
        if (found.Sets is var (others, slow))
        {
            return Redirect(ComparedSet.Compare(others, slow));
        }

        Problems.AddRange(found.Problems);
        return Page();
    }
}
