using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages;

/// <summary>What a reader sees when a page is not there or could not be made.</summary>
[AllowAnonymous]
[IgnoreAntiforgeryToken]
[ResponseCache(NoStore = true, Location = ResponseCacheLocation.None)]
internal sealed class ErrorModel : PageModel
{
    private const int LongestPath = 200;

    private static readonly object ExplanationKey = new();

    /// <summary>What happened, in a few words.</summary>
    public string Heading { get; private set; } = "";

    /// <summary>What it means and what to do.</summary>
    public string Explanation { get; private set; } = "";

    /// <summary>The address that was asked for; null when it says nothing more.</summary>
    public string? Path { get; private set; }

    /// <summary>Says what is wrong with a request that is about to be answered with an error, instead of the general words for its
    /// code.</summary>
    public static void Explain(HttpContext context, string problem) => context.Items[ExplanationKey] = problem;

    /// <summary>Every method can end here: error pages are also shown for posts.</summary>
    public void OnGet(int code) => Show(code);

    /// <inheritdoc cref="OnGet"/>
    public void OnPost(int code) => Show(code);

    private void Show(int code)
    {
        var path =
            HttpContext.Features.Get<IStatusCodeReExecuteFeature>()?.OriginalPath
            ?? HttpContext.Features.Get<IExceptionHandlerPathFeature>()?.Path;
        Path = path is { Length: > LongestPath } ? path[..LongestPath] + "…" : path;
        (Heading, Explanation) = (code, path) switch
        {
            (404, not null) when path.StartsWith("/q/", StringComparison.Ordinal) => (
                "This query is not here",
                "A permalink names the same query on every installation, but only where its trace was imported. "
                    + "It may not have arrived yet, or be on the installation that the link came from."
            ),
            (410, _) => (
                "This query is no longer kept",
                "Its trace was here and was deleted because it was older than this installation keeps traces. "
                    + "Import the trace again, or open the link where it is still kept."
            ),
            (404, not null) when path.StartsWith("/traces/", StringComparison.Ordinal) => (
                "This trace is not here",
                "No span of it was imported. Check the trace id, or import the trace and reload this page."
            ),
            (404, _) => ("There is no such page", "The address may be mistyped."),
            (400, _) => (
                "The address or form is not valid",
                "A parameter has a value that this page does not accept, or the form was open for too long. Go back, reload and try again."
            ),
            (401, _) => ("This needs a login", "Log in with a key of this site, and try again."),
            (403, _) => (
                "This needs an operator",
                "Your key or login may read. Running queries, importing and pinning need a login with an operator key."
            ),
            (429, _) => ("Too many requests", "This key or address sent more requests than it may. Wait a minute and try again."),
            (405, _) => ("This page does not accept this method", "Pages answer GET; only forms of this site post."),
            _ => (
                "Something failed here",
                "The program could not make this page. The cause is in its log, at the time of this request; the traces are untouched."
            ),
        };
        Explanation = HttpContext.Items[ExplanationKey] as string ?? Explanation;
        Response.StatusCode = code is >= 400 and < 600 ? code : 500;
    }
}
