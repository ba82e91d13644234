using DhtTracer.Jaeger.Health;
using DhtTracer.Web.Alarms;

namespace DhtTracer.Hosting;

/// <summary>Runs the watch of hours and the webhooks.</summary>
internal static class AlarmServices
{
    /// <summary>Adds both. The webhooks start first and stop last, so that they take what the watch sends.</summary>
    public static IServiceCollection AddAlarms(this IServiceCollection services, AlarmOptions options)
    {
        services.AddSingleton(options);
        services.AddHostedService(static provider => provider.GetRequiredService<AlarmWebhooks>());
        services.AddHostedService(static provider => provider.GetRequiredService<AlarmWatch>());
        services.AddHealthChecks().AddCheck<AlarmHealthCheck>(AlarmHealthCheck.Name, tags: [HealthEndpoint.ReportedTag]);
        return services;
    }
}
