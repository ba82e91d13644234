using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Jaeger.Health;
using DhtTracer.Storage;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Otlp;
using DhtTracer.Web.Tests.Fixture;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;

namespace DhtTracer.Web.Tests.Pages.Ingest;

/// <summary>The database takes spans, but not what the analysis finds in them: page, API, metrics and health say it until it is
/// over.</summary>
public sealed class AnalysisProblemTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_told_while_it_lasts_and_no_longer()
    {
        AnalysisWorker? worker = null;
        await using var site = await Site.StartAsync(services =>
            services.AddSingleton(provider =>
                worker = new AnalysisWorker(
                    provider.GetRequiredService<TraceStore>(),
                    TraceReconstruction.Reconstruct,
                    new AnalysisOptions { RetryDelay = TimeSpan.FromMilliseconds(50), LongestRetryDelay = TimeSpan.FromMilliseconds(50) },
                    TimeProvider.System,
                    NullLogger<AnalysisWorker>.Instance
                )
            )
        );
        Assert.Null((await site.PageAsync("/ingest")).QuerySelector("#analysis-problem"));
        await ExecuteAsync(site, "CREATE TRIGGER broken BEFORE INSERT ON trace_blob BEGIN UPDATE trace SET gone = 1; END");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var work = worker!.RunAsync(stop.Token);
        var spans = NativeTrace.Of(SimulatedQueries.Make(1, 3));
        await site.Store.AppendAsync(
            [new TraceChunk(spans[0].TraceId, OtlpProtobuf.Encode(spans), spans.Count)],
            cancellationToken: Cancel
        );
        await UntilAsync(() => worker.Problem is not null);

        var note = (await site.PageAsync("/ingest")).QuerySelector("#analysis-problem")!.Text();
        Assert.Contains("Traces that wait: 1.", note, StringComparison.Ordinal);
        Assert.Contains("no such column: gone", note, StringComparison.Ordinal);
        var analysis = (await site.JsonAsync("/api/v1/ingest")).GetProperty("analysis");
        Assert.Contains("no such column: gone", analysis.GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.InRange(analysis.GetProperty("databaseFailures").GetInt64(), 1, long.MaxValue);
        var metrics = await site.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancel);
        Assert.Matches(@"(?m)^dht_tracer_analysis_failing\S* 1\b", metrics);
        Assert.Matches(@"(?m)^dht_tracer_analysis_database_failures_total\S* [1-9]", metrics);
        var health = await new AnalysisHealthCheck(worker).CheckHealthAsync(new HealthCheckContext(), Cancel);
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains("no such column: gone", health.Description, StringComparison.Ordinal);

        await ExecuteAsync(site, "DROP TRIGGER broken");
        await UntilAsync(() => worker is { Problem: null, PendingCount: 0 });
        Assert.Null((await site.PageAsync("/ingest")).QuerySelector("#analysis-problem"));
        Assert.Equal(
            HealthStatus.Healthy,
            (await new AnalysisHealthCheck(worker).CheckHealthAsync(new HealthCheckContext(), Cancel)).Status
        );
        await stop.CancelAsync();
        await work;
    }

    private static async Task ExecuteAsync(Site site, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={site.Store.Location};Pooling=False");
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are this file's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            await Task.Delay(5, limit.Token);
        }
    }
}
