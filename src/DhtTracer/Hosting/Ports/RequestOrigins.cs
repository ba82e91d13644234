using Microsoft.AspNetCore.Http.Features;

namespace DhtTracer.Hosting.Ports;

/// <summary>
/// Refuses requests that pages of other sites send: a browser adds the header <c>Origin</c> to each of them. CORS alone only keeps such a
/// page from reading the answer, and it asks nobody before a POST without a content type
/// (https://fetch.spec.whatwg.org/#http-cors-protocol).
/// </summary>
/// <param name="allowed">Origins that may send, besides the port's own; <c>*</c> for all.</param>
internal sealed class RequestOrigins(IReadOnlyList<string> allowed)
{
    /// <summary>The check of a port.</summary>
    /// <param name="port">The port. The control server has a check of its own, because its GET acts, too.</param>
    /// <param name="ports">Ports with the origins that the operator named.</param>
    public static RequestOrigins Of(OpenPort port, OpenPorts ports) =>
        new(
            port.Row.Kind == PortKind.Control ? ["*"]
            : port.Row.CorsMethods.Count > 0 ? [.. ports.PublicOrigins, .. ports.Settings.CorsOrigins]
            : ports.PublicOrigins
        );

    /// <summary>Passes a request on, or answers 403.</summary>
    public Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (
            HttpMethods.IsGet(request.Method)
            || HttpMethods.IsHead(request.Method)
            || HttpMethods.IsOptions(request.Method)
            || IsAllowed(request.Headers.Origin.ToString(), request.Host)
        )
        {
            return next(context);
        }

        var port = context.Features.GetRequiredFeature<OpenPort>();
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(
            port.Row.CorsMethods.Count > 0
                ? "Pages of other sites may not send here. To allow one, start DhtTracer with --cors-origin ORIGIN.\n"
                : "Pages of other sites may not send here.\n",
            context.RequestAborted
        );
    }

    /// <summary>Whether a request with this origin may change something.</summary>
    /// <param name="origin">The header; empty if there is none, as with all clients but browsers.</param>
    /// <param name="host">The header <c>Host</c>, which was checked before.</param>
    internal bool IsAllowed(string origin, HostString host)
    {
        if (origin.Length == 0 || allowed.Contains("*") || allowed.Contains(origin, StringComparer.OrdinalIgnoreCase))
        {
            return true;
        }

        // The scheme is left out: a proxy that ends TLS passes on the host, but speaks http to this port.
        return Uri.TryCreate(origin, UriKind.Absolute, out var from)
            && from.Scheme is "http" or "https"
            && string.Equals(from.Authority, WithoutDefaultPort(host, from.Scheme), StringComparison.OrdinalIgnoreCase);
    }

    private static string WithoutDefaultPort(HostString host, string scheme) =>
        (scheme, host.Port) is ("http", 80) or ("https", 443) ? host.Host : host.Value ?? "";
}
