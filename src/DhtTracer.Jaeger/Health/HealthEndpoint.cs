using System.Globalization;
using System.Text.Json;
using DhtTracer.Ingestion.Receiving;
using DhtTracer.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DhtTracer.Jaeger.Health;

/// <summary>
/// <c>GET /status</c> on port 13133, in the shape of the OpenTelemetry Collector's health check, which Jaeger v2 serves: 200 while the
/// database answers, 503 when it does not. While the database does not take analyses, it is still 200, since spans are taken and stored;
/// <c>status</c> and <c>error</c> say it.
/// </summary>
public static class HealthEndpoint
{
    private const string Path = "/status";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Name under which <see cref="StoreHealthCheck"/> is registered (<see cref="GrpcHealth.AddGrpcHealth"/>).</summary>
    public const string CheckName = "database";

    /// <summary>Name under which <see cref="AnalysisHealthCheck"/> is registered.</summary>
    public const string AnalysisCheckName = "analysis";

    /// <summary>Tag of other checks that the endpoint reports. They should be degraded at most.</summary>
    public const string ReportedTag = "status";

    /// <summary>Maps the endpoint; <see cref="GrpcHealth.AddGrpcHealth"/> adds what it asks.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="clock">Says how long the process has been up.</param>
    public static IEndpointConventionBuilder MapHealth(this IEndpointRouteBuilder endpoints, TimeProvider clock)
    {
        var started = clock.GetUtcNow();
        endpoints.MapOthers(HttpMethods.Get, Path, "200 while the database takes writes.");
        return endpoints
            .MapHealthChecks(
                Path,
                new HealthCheckOptions
                {
                    Predicate = static check => check.Name is CheckName or AnalysisCheckName || check.Tags.Contains(ReportedTag),
                    ResponseWriter = (context, report) => WriteAsync(context, report, started, clock.GetUtcNow()),
                }
            )
            .WithMetadata(new HttpMethodMetadata([HttpMethods.Get]));
    }

    private static Task WriteAsync(HttpContext context, HealthReport report, DateTimeOffset started, DateTimeOffset now)
    {
        context.Response.ContentType = "application/json";
        return context
            .Response.Body.WriteAsync(
                JsonSerializer.SerializeToUtf8Bytes(
                    new
                    {
                        start_time = started.ToString("O", CultureInfo.InvariantCulture),
                        healthy = report.Status != HealthStatus.Unhealthy,
                        status = report.Status == HealthStatus.Healthy ? "StatusOK" : "StatusRecoverableError",
                        error = report
                            .Entries.Values.OrderBy(static entry => entry.Status)
                            .Select(static entry => entry.Description)
                            .FirstOrDefault(static text => text is not null),
                        status_time = now.ToString("O", CultureInfo.InvariantCulture),
                    }
                ),
                context.RequestAborted
            )
            .AsTask();
    }

    /// <summary>What keeps the database from taking a write; null when one was committed.</summary>
    internal static async Task<string?> ProblemAsync(TraceStore store, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(Patience);
        try
        {
            await store.Upkeep.CheckWriteAsync(timer.Token);
            return null;
        }
        catch (DatabaseException error)
        {
            return error.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"The database took no write within {Patience.TotalSeconds} seconds.";
        }
    }
}
