using System.Net;
using DhtTracer.Analysis;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Receiving;
using DhtTracer.Storage.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DhtTracer.Bench.Ingest;

/// <summary>Receivers, database and analysis, as the program runs them, on loopback.</summary>
internal sealed class IngestServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly WebApplication _app;
    private readonly Task _work;

    private IngestServer(SqliteTraceStore store, AnalysisWorker worker, WebApplication app)
    {
        (Store, Worker, _app) = (store, worker, app);
        _work = worker.RunAsync(_stop.Token);
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        (Http, Grpc) = (new Uri(addresses.First()), new Uri(addresses.Last()));
    }

    public SqliteTraceStore Store { get; }

    public AnalysisWorker Worker { get; }

    /// <summary>HTTP/1.1.</summary>
    public Uri Http { get; }

    /// <summary>HTTP/2 without TLS.</summary>
    public Uri Grpc { get; }

    public static async Task<IngestServer> StartAsync(string data, AnalysisOptions options)
    {
        var store = await SqliteTraceStore.OpenAsync(new SqliteOptions { Directory = data }, TraceReconstruction.Reconstruct);
        var worker = new AnalysisWorker(
            store,
            TraceReconstruction.Reconstruct,
            options,
            TimeProvider.System,
            NullLogger<AnalysisWorker>.Instance
        );
        var sink = new SpanSink(store, new IngestStatistics(TimeProvider.System));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(sink).AddOtlpGrpc().AddJaegerGrpc();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var app = builder.Build();
        app.MapOtlpHttp(sink);
        app.MapOtlpGrpc();
        app.MapJaegerGrpc();
        await app.StartAsync();
        return new IngestServer(store, worker, app);
    }

    /// <summary>Where a receiver takes spans.</summary>
    public Uri AddressOf(LoadReceiver receiver) => receiver == LoadReceiver.Http ? Http : Grpc;

    /// <summary>Waits until all that was acknowledged is analysed, as it happens without a hurry.</summary>
    public async Task WaitUntilAnalysedAsync()
    {
        // Asking the store costs more than asking the worker.
        while (Worker.PendingCount > 0 || (await Store.CountsAsync()) is { PendingSpans: > 0 })
        {
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _stop.CancelAsync();
        await _work;
        await Store.DisposeAsync();
        _stop.Dispose();
    }
}
