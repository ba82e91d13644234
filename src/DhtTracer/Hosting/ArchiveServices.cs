using DhtTracer.Analysis;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Traces.Model;

namespace DhtTracer.Hosting;

/// <summary>Registers the archive and its span sink for every command that writes.</summary>
internal static class ArchiveServices
{
    /// <summary>Adds the archive, the span sink, and the background analysis.</summary>
    /// <param name="services">Services.</param>
    /// <param name="store">The archive, opened for writing. The container disposes it.</param>
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
                (Func<IReadOnlyList<Span>, ReconstructedTrace>)TraceReconstruction.Reconstruct,
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
