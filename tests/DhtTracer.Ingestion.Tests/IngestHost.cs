using System.Net;
using DhtTracer.Analysis;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Traces.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DhtTracer.Ingestion.Tests;

/// <summary>A store with its sink and worker in a directory that goes away, and receivers on free ports.</summary>
internal sealed class IngestHost : IAsyncDisposable
{
    private readonly string _directory;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;
    private WebApplication? _app;

    private IngestHost(
        string directory,
        TraceStore store,
        Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct,
        AnalysisOptions analysis,
        ILogger<AnalysisWorker> logger
    )
    {
        _directory = directory;
        Store = store;
        Sink = new SpanSink(store, new IngestStatistics(TimeProvider.System));
        Worker = new AnalysisWorker(store, reconstruct, analysis, TimeProvider.System, logger);
        _work = Worker.RunAsync(_stop.Token);
    }

    public TraceStore Store { get; }

    public SpanSink Sink { get; }

    public AnalysisWorker Worker { get; }

    public static async Task<IngestHost> StartAsync(
        Func<IReadOnlyList<Span>, ReconstructedTrace>? reconstruct = null,
        SqliteOptions? options = null,
        AnalysisOptions? analysis = null,
        ILogger<AnalysisWorker>? logger = null,
        string? archive = null
    )
    {
        var folder = Path.Combine(Path.GetTempPath(), "dht-tracer-tests", Guid.NewGuid().ToString("N"));
        if (archive is not null)
        {
            Directory.CreateDirectory(folder);
            File.Copy(archive, Path.Combine(folder, SqliteOptions.FileName));
        }

        var function = reconstruct ?? TraceReconstruction.Reconstruct;
        var store = await SqliteTraceStore.OpenAsync((options ?? new SqliteOptions()) with { Directory = folder }, function);
        return new IngestHost(folder, store, function, analysis ?? new AnalysisOptions(), logger ?? NullLogger<AnalysisWorker>.Instance);
    }

    /// <summary>Serves OTLP over HTTP/1.1, or over gRPC, on a free port.</summary>
    public async Task<Uri> ServeAsync(OtlpOptions options, bool grpc = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1)
        );
        builder.Services.AddSingleton(Sink).AddOtlpGrpc(options);
        _app = builder.Build();
        if (grpc)
        {
            _app.MapOtlpGrpc(options);
        }
        else
        {
            _app.MapOtlpHttp(Sink, options);
        }

        await _app.StartAsync();
        return new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        await _stop.CancelAsync();
        await _work;
        await Store.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
