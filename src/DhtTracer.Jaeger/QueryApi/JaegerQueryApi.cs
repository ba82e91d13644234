using DhtTracer.Ingestion.Receiving;
using DhtTracer.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>
/// Jaeger's query API over this archive, so that Jaeger UI, Grafana and scripts work against it: HTTP v1 and v3 on one port (16686), gRPC
/// on another (16685).
/// </summary>
public static class JaegerQueryApi
{
    /// <summary>Maps HTTP v1 (<c>/api/...</c>) and v3 (<c>/api/v3/...</c>).</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="store">What is asked.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    /// <param name="clock">The clock of "the last two days"; null for the system's.</param>
    public static void MapJaegerQueryHttp(
        this IEndpointRouteBuilder endpoints,
        TraceStore store,
        JaegerApiOptions? options = null,
        TimeProvider? clock = null
    )
    {
        options ??= new JaegerApiOptions();
        var archive = new JaegerArchive(store);
        var group = endpoints.MapGroup("/api");
        new JaegerHttpV1(archive, options, clock ?? TimeProvider.System).Map(group);
        new JaegerHttpV3(archive, options).Map(group);
        endpoints.MapFallback("{**path}", OtherRequestAsync);
    }

    /// <summary>Adds what the query services over gRPC need, except for the <see cref="TraceStore"/>.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IServiceCollection AddJaegerQueryGrpc(this IServiceCollection services, JaegerApiOptions? options = null)
    {
        services.AddGrpcReceiving();
        services.AddGrpcReflection();
        return services
            .AddSingleton<JaegerArchive>()
            .AddSingleton<JaegerGrpcV2>()
            .AddSingleton(provider => new JaegerGrpcV3(provider.GetRequiredService<JaegerArchive>(), options ?? new JaegerApiOptions()));
    }

    /// <summary>Maps <c>jaeger.api_v2.QueryService</c>, <c>jaeger.api_v3.QueryService</c> and server reflection; their port speaks HTTP/2
    /// only.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <returns>All of them, to bind them to a port.</returns>
    public static IReadOnlyList<IEndpointConventionBuilder> MapJaegerQueryGrpc(this IEndpointRouteBuilder endpoints) =>
        [
            endpoints.MapGrpcService<JaegerGrpcV2>().WithBoundedMemory(),
            endpoints.MapGrpcService<JaegerGrpcV3>().WithBoundedMemory(),
            endpoints.MapGrpcReflectionService(),
        ];

    private static Task OtherRequestAsync(HttpContext context)
    {
        // Whoever opens the usual port of Jaeger's pages in a browser is told what this is.
        context.Response.StatusCode = context.Request.Path == "/" ? StatusCodes.Status200OK : StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync(
            """
            This is DhtTracer's query API in the shape of Jaeger's: /api/... and /api/v3/... over HTTP; gRPC has a port of its own,
            usually 16685. Grafana's Jaeger data source takes this address as its URL. Jaeger UI is not part of DhtTracer: serve it from
            elsewhere and pass its /api on to this port (docs/jaeger.md says how). DhtTracer's own pages are on another port, usually 5080.

            """,
            context.RequestAborted
        );
    }
}
