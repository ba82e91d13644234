using DhtTracer.Ingestion.Analysis;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DhtTracer.Jaeger.Health;

/// <summary>
/// Degraded while the database does not take analyses. Not unhealthy: spans are taken and stored, and whoever watches the health should not
/// send them elsewhere.
/// </summary>
/// <param name="worker">What is asked; null where no analysis runs.</param>
public sealed class AnalysisHealthCheck(AnalysisWorker? worker = null) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            worker?.Problem is { } problem
                ? HealthCheckResult.Degraded($"Spans are stored, but their analysis waits: {problem.Problem}")
                : HealthCheckResult.Healthy()
        );
}
