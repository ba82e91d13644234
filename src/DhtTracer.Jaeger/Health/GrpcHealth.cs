using DhtTracer.Ingestion.Otlp;
using DhtTracer.Ingestion.Receiving;
using DhtTracer.Jaeger.Receiving;
using DhtTracer.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace DhtTracer.Jaeger.Health;

/// <summary>
/// <c>grpc.health.v1.Health</c>, which load balancers and probes ask (https://github.com/grpc/grpc/blob/master/doc/health-checking.md):
/// serving while the database answers.
/// </summary>
public static class GrpcHealth
{
    /// <summary>Services that may be asked after by name; another one is NOT_FOUND. An empty name means all.</summary>
    public static IReadOnlyList<string> Services { get; } =
    [OtlpGrpcReceiver.ServiceName, JaegerGrpcReceiver.ServiceName, "jaeger.api_v2.QueryService", "jaeger.api_v3.QueryService"];

    /// <summary>Adds what <see cref="MapGrpcHealth"/> needs, except for the <see cref="TraceStore"/> and, where analysis runs, its
    /// worker.</summary>
    /// <param name="services">Where to.</param>
    public static IServiceCollection AddGrpcHealth(this IServiceCollection services)
    {
        services.AddGrpcReceiving();
        services
            .AddGrpcHealthChecks(options =>
            {
                foreach (var name in Services)
                {
                    options.Services.Map(name, _ => true);
                }
            })
            .AddCheck<StoreHealthCheck>(HealthEndpoint.CheckName)
            .AddCheck<AnalysisHealthCheck>(HealthEndpoint.AnalysisCheckName);
        return services;
    }

    /// <summary>Maps the service.</summary>
    /// <param name="endpoints">Where to map; the port speaks HTTP/2 only.</param>
    public static IEndpointConventionBuilder MapGrpcHealth(this IEndpointRouteBuilder endpoints) => endpoints.MapGrpcHealthChecksService();
}
