using System.Net;
using Microsoft.AspNetCore.Cors.Infrastructure;

namespace DhtTracer.Node;

/// <summary>
/// Restricts who may use the control server. By its contract a GET controls the node, so any page in the user's browser could send
/// commands. Only pages of this machine and of the origins that the user named are accepted. The host name of the request is checked
/// earlier, as on every port.
/// </summary>
internal sealed class ControlOrigins(IReadOnlyList<string> allowed)
{
    /// <summary>Answers 403 to all others.</summary>
    public async Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length > 0 ? IsAllowed(origin) : !IsForeignNavigation(context.Request))
        {
            await next(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        await context.Response.WriteAsync(
            "error: this page may not control the node; name its origin with --control-origin\n",
            context.RequestAborted
        );
    }

    /// <summary>Allows accepted pages to read the server's answers.</summary>
    public void Allow(CorsPolicyBuilder policy) => policy.SetIsOriginAllowed(IsAllowed).WithMethods(HttpMethods.Get);

    // An image or a link on a foreign page sends no Origin header, but browsers send where the request came from.
    private static bool IsForeignNavigation(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site";

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.Equals("lvh.me", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private bool IsAllowed(string origin) =>
        allowed.Contains(origin, StringComparer.OrdinalIgnoreCase)
        || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && IsLoopback(uri.Host));
}
