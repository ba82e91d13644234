using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Security;

/// <summary>
/// Headers of every answer of the site. Pages show text that came from spans, which anyone can send: should an escape ever be
/// forgotten, the policy keeps a browser from running what slipped through. It allows no inline script and no inline style.
/// </summary>
internal static class SecurityHeaders
{
    /// <summary>Content-Security-Policy, level 3 (https://www.w3.org/TR/CSP3/).</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Sets the headers at the last moment: the page for failures begins by clearing those of the page that failed.</summary>
    public static Task AddAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(Set, context.Response.Headers);
        return next(context);
    }

    private static Task Set(object state)
    {
        var headers = (IHeaderDictionary)state;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        return Task.CompletedTask;
    }
}
