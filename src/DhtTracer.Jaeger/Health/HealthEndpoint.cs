using System.Globalization;
using System.Text.Json;
using DhtTracer.Ingestion.Receiving;
using DhtTracer.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Jaeger.Health;

/// <summary>
/// <c>GET /status</c> on port 13133, in the shape of the OpenTelemetry Collector's health check, which Jaeger v2 serves: 200 while the
/// database answers, 503 when it does not.
/// </summary>
public static class HealthEndpoint
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Maps the endpoint.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="store">What is asked.</param>
    /// <param name="clock">Says how long the process has been up.</param>
    public static IEndpointConventionBuilder MapHealth(this IEndpointRouteBuilder endpoints, TraceStore store, TimeProvider clock)
    {
        var started = clock.GetUtcNow();
        endpoints.MapOthers(HttpMethods.Get, "/status", "200 while the database answers.");
        return endpoints.MapGet(
            "/status",
            async context =>
            {
                var problem = await ProblemAsync(store, context.RequestAborted);
                context.Response.StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
                context.Response.ContentType = "application/json";
                var body = JsonSerializer.SerializeToUtf8Bytes(
                    new
                    {
                        start_time = started.ToString("O", CultureInfo.InvariantCulture),
                        healthy = problem is null,
                        status = problem is null ? "StatusOK" : "StatusRecoverableError",
                        error = problem,
                        status_time = clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
                    }
                );
                await context.Response.Body.WriteAsync(body, context.RequestAborted);
            }
        );
    }

    /// <summary>What keeps the database from answering; null when it answers.</summary>
    internal static async Task<string?> ProblemAsync(TraceStore store, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(Patience);
        try
        {
            await store.CountsAsync(timer.Token);
            return null;
        }
        catch (DatabaseException error)
        {
            return error.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"The database did not answer within {Patience.TotalSeconds} seconds.";
        }
    }
}
