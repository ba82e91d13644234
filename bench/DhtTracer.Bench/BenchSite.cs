using DhtTracer.Analysis;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Storage;
using DhtTracer.Traces.Model;
using DhtTracer.Web;
using DhtTracer.Web.Ingest;
using DhtTracer.Web.Node;
using DhtTracer.Web.Samples;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Bench;

/// <summary>The site over an archive, without receivers.</summary>
internal sealed class BenchSite(WebApplication app, Uri address) : IAsyncDisposable
{
    /// <summary>Where it listens.</summary>
    public Uri Address { get; } = address;

    public static async Task<BenchSite> StartAsync(string url, TraceStore store)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.Services.AddDhtTracerWeb();
        builder.Services.AddSingleton<TraceStore>(store);
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<IngestStatistics>();
        builder.Services.AddSingleton<AnalysisMeter>();
        builder.Services.AddSingleton<SpanSink>();
        builder.Services.AddSingleton<PullStatusBoard>();
        builder.Services.AddSingleton(new IngestSetup(static () => [], null));
        builder.Services.AddSingleton(new NodeAddress(null, isGiven: false));

        // Registered because pages show its state; it never runs.
        builder.Services.AddSingleton(provider =>
            ActivatorUtilities.CreateInstance<AnalysisWorker>(
                provider,
                (Func<IReadOnlyList<Span>, ReconstructedTrace>)TraceReconstruction.Reconstruct,
                new AnalysisOptions()
            )
        );
        builder.Services.AddSingleton<ISampleLoader, NoSamples>();
        var app = builder.Build();
        app.UseDhtTracerWeb();
        await app.StartAsync();
        return new BenchSite(
            app,
            new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First())
        );
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private sealed class NoSamples : ISampleLoader
    {
        public bool Available => false;

        public Task<int> LoadAsync(CancellationToken cancellationToken) => Task.FromResult(0);
    }
}
