using DhtTracer.Analysis;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;

namespace DhtTracer.Hosting;

/// <summary>The archive and the way into it, as every command that writes registers them.</summary>
internal static class ArchiveServices
{
    /// <summary>Adds the archive, the sink of spans, and the analysis that runs beside them.</summary>
    /// <param name="services">Services.</param>
    /// <param name="store">The archive, opened for writing; the container releases it.</param>
    public static IServiceCollection AddArchive(this IServiceCollection services, TraceStore store)
    {
        services.AddSingleton(_ => store);
        services.AddMetrics();
        services.AddSingleton<IngestStatistics>();
        services.AddSingleton<AnalysisMeter>();
        services.AddSingleton<SpanSink>();
        services.AddSingleton(provider =>
            ActivatorUtilities.CreateInstance<AnalysisWorker>(
                provider,
                (Func<IReadOnlyList<Traces.Span>, ReconstructedTrace>)TraceReconstruction.Reconstruct,
                new AnalysisOptions()
            )
        );
        return services.AddHostedService<AnalysisService>();
    }

    /// <summary>Runs the analysis while the host runs.</summary>
    private sealed class AnalysisService(AnalysisWorker worker) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => worker.RunAsync(stoppingToken);
    }
}
