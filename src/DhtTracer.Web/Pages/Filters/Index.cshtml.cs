using DhtTracer.Storage.Filters;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Filters;

/// <summary>The filter language: for readers, and for the script that completes what they type.</summary>
public sealed class FiltersModel : PageModel
{
    /// <summary>The names as JSON, an array of <c>{"name", "meaning", "values", "negatable"}</c>.</summary>
    public IActionResult OnGetNames()
    {
        Response.Headers.CacheControl = "private, max-age=3600";
        return new JsonResult(
            FilterNames.All.Select(static name => new
            {
                name = name.Name,
                meaning = name.Meaning,
                values = name.Values,
                negatable = name.CanBeNegated,
            })
        );
    }
}
