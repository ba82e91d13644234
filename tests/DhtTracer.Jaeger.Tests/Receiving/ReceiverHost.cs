using System.Net;
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

namespace DhtTracer.Jaeger.Tests.Receiving;

/// <summary>A receiver on a free port, over an archive of its own.</summary>
internal sealed class ReceiverHost : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly WebApplication _app;

    private ReceiverHost(DirectoryInfo folder, WebApplication app, TraceStore store, SpanSink sink)
    {
        _folder = folder;
        _app = app;
        Store = store;
        Sink = sink;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Http = new HttpClient { BaseAddress = Address };
    }

    public TraceStore Store { get; }

    public SpanSink Sink { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ReceiverHost> StartAsync(
        Action<WebApplication, SpanSink, TraceStore> map,
        HttpProtocols protocols = HttpProtocols.Http1,
        Action<IServiceCollection>? services = null
    )
    {
        var directory = Directory.CreateTempSubdirectory("dht-tracer-receiver-");
        var store = await SqliteTraceStore.OpenAsync(
            new SqliteOptions { Directory = directory.FullName },
            static _ => DhtTracer.Analysis.ReconstructedTrace.Empty
        );
        var sink = new SpanSink(store, new IngestStatistics(TimeProvider.System));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        builder.Services.AddSingleton(sink).AddSingleton<TraceStore>(store);
        services?.Invoke(builder.Services);
        var application = builder.Build();
        map(application, sink, store);
        await application.StartAsync();
        return new ReceiverHost(directory, application, store, sink);
    }

    /// <summary>What is stored of a trace.</summary>
    public Task<IReadOnlyList<Span>> TraceAsync(TraceId id) => Store.GetTraceAsync(id, Cancel);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        await Store.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
