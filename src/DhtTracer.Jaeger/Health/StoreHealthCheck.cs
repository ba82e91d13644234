using DhtTracer.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DhtTracer.Jaeger.Health;

/// <summary>Healthy while the database commits a write within five seconds.</summary>
/// <param name="store">What is asked.</param>
public sealed class StoreHealthCheck(TraceStore store) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await HealthEndpoint.ProblemAsync(store, cancellationToken) is { } problem
            ? HealthCheckResult.Unhealthy(problem)
            : HealthCheckResult.Healthy();
}
