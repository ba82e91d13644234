using DhtTracer.Web.About;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace DhtTracer.Web.Metrics;

/// <summary>The program's own metrics, where Prometheus looks for them.</summary>
internal static class MetricsEndpoint
{
    /// <summary>Adds the meters and the exporter.</summary>
    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton<StateMeter>();
        services.AddSingleton<AlarmMeter>();
        services
            .AddOpenTelemetry()
            .ConfigureResource(static resource => resource.AddService("dht-tracer", serviceVersion: ProductVersion.Short))
            .WithMetrics(metrics =>
                metrics
                    .AddMeter(StateMeter.Name, "DhtTracer.*")
                    // The framework's own: requests by route and status, connections, memory and threads.
                    .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
                    .AddPrometheusExporter(static exporter =>
                    {
                        // The state is read for each request, and must not be older than the request.
                        exporter.ScrapeResponseCacheDurationMilliseconds = 0;
                    })
            );
    }

    /// <summary>Adds <c>/metrics</c>.</summary>
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var state = endpoints.ServiceProvider.GetRequiredService<StateMeter>();
        var alarms = endpoints.ServiceProvider.GetRequiredService<AlarmMeter>();
        endpoints.MapPrometheusScrapingEndpoint(
            "/metrics",
            meterProvider: null,
            configureBranchedPipeline: branch =>
                branch.Use(
                    async (context, next) =>
                    {
                        await state.RefreshAsync(context.RequestAborted);
                        await alarms.RefreshAsync(context.RequestAborted);
                        await next(context);
                    }
                ),
            optionsName: null
        );
    }
}
