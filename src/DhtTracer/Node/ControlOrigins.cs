using System.Net;

namespace DhtTracer.Node;

/// <summary>
/// Who may use the control server. Its contract makes a node act on GET, so that any page in the user's browser could send it
/// commands: only pages of this machine and of the origins that the user named are served, and only under a loopback name, which
/// keeps out names that were re-bound to 127.0.0.1. <c>lvh.me</c> is the host of the default endpoint of the web app of 2019: it resolves
/// to this machine, and nobody else can make it.
/// </summary>
internal sealed class ControlOrigins(IReadOnlyList<string> allowed)
{
    /// <summary>Answers 403 to strangers, adds the CORS headers for the others.</summary>
    public async Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var origin = context.Request.Headers.Origin.ToString();
        if (
            !IsLoopback(context.Request.Host.Host)
            || (origin.Length > 0 && !IsAllowed(origin))
            || IsForeignNavigation(context.Request, origin)
        )
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await context.Response.WriteAsync(
                "error: this page may not control the node; name its origin with --control-origin\n",
                context.RequestAborted
            );
            return;
        }

        if (origin.Length > 0)
        {
            context.Response.Headers.AccessControlAllowOrigin = origin;
            context.Response.Headers.Vary = "Origin";
        }

        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.Headers.AccessControlAllowMethods = "GET";
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await next(context);
    }

    // An image or a link on a foreign page sends no Origin, but browsers say where it came from.
    private static bool IsForeignNavigation(HttpRequest request, string origin) =>
        origin.Length == 0 && request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site";

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.Equals("lvh.me", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private bool IsAllowed(string origin) =>
        allowed.Contains(origin, StringComparer.OrdinalIgnoreCase)
        || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && IsLoopback(uri.Host));
}
