using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DhtTracer.Web.Alarms;

/// <summary>Degraded while hours cannot be watched, or a receiver of alarms does not take them.</summary>
/// <param name="watch">The watch.</param>
/// <param name="webhooks">The receivers.</param>
public sealed class AlarmHealthCheck(AlarmWatch watch, AlarmWebhooks webhooks) : IHealthCheck
{
    /// <summary>Name under which it is registered.</summary>
    public const string Name = "alarms";

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var problem = watch.Problem is { } failure
            ? $"Hours are not watched for alarms: {failure}"
            : webhooks
                .Reports.Where(static report => report.Problem is not null)
                .Select(static report => $"Alarms do not reach {report.Receiver}: {report.Problem}")
                .FirstOrDefault();
        return Task.FromResult(problem is null ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(problem));
    }
}
