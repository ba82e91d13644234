using DhtTracer.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace DhtTracer.Web.JaegerApi;

/// <summary>
/// Jaeger's query API over this archive, so that Jaeger UI, Grafana and scripts work against it: HTTP v1 and v3 on one port (16686), gRPC
/// on another (16685).
/// </summary>
public static class JaegerQueryApi
{
    /// <summary>Maps HTTP v1 (<c>/api/...</c>) and v3 (<c>/api/v3/...</c>).</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="store">What is asked.</param>
    /// <param name="options">Limits and origins, or null for the defaults.</param>
    /// <param name="clock">The clock of "the last two days"; null for the system's.</param>
    public static void MapJaegerQueryHttp(
        this IEndpointRouteBuilder endpoints, TraceStore store, JaegerApiOptions? options = null, TimeProvider? clock = null)
    {
        options ??= new JaegerApiOptions();
        var archive = new JaegerArchive(store, options);
        var group = endpoints.MapGroup("/api");
        group.AddEndpointFilter((context, next) =>
        {
            AllowOrigin(context.HttpContext, options);
            return next(context);
        });
        new JaegerHttpV1(archive, options, clock ?? TimeProvider.System).Map(group);
        new JaegerHttpV3(archive, options).Map(group);
        group.MapMethods("/{**path}", [HttpMethods.Options], Results.NoContent);
    }

    /// <summary>Maps <c>jaeger.api_v2.QueryService</c>; the port speaks HTTP/2 only.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="store">What is asked.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static void MapJaegerQueryGrpc(this IEndpointRouteBuilder endpoints, TraceStore store, JaegerApiOptions? options = null) =>
        new JaegerGrpcQuery(new JaegerArchive(store, options ?? new JaegerApiOptions())).Map(endpoints);

    private static void AllowOrigin(HttpContext context, JaegerApiOptions options)
    {
        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length == 0 || !(options.AllowedOrigins.Contains("*") || options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)))
        {
            return;
        }

        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.Vary = HeaderNames.Origin;
        headers.AccessControlAllowMethods = "GET, POST";
        headers.AccessControlMaxAge = "3600";
        if (context.Request.Headers.AccessControlRequestHeaders is { Count: > 0 } wanted)
        {
            headers.AccessControlAllowHeaders = wanted;
        }
    }
}
