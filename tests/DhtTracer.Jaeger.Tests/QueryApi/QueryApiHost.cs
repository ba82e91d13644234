using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Nodes;
using DhtTracer.Jaeger.QueryApi;
using DhtTracer.Storage;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>The query API on two free ports over an archive of its own.</summary>
internal sealed class QueryApiHost : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly WebApplication[] _ports;

    private QueryApiHost(DirectoryInfo folder, TraceStore store, WebApplication http, WebApplication grpc)
    {
        _folder = folder;
        Store = store;
        _ports = [http, grpc];
        Http = new HttpClient { BaseAddress = Address(http) };
        GrpcAddress = Address(grpc);
        Grpc = GrpcChannel.ForAddress(GrpcAddress, new GrpcChannelOptions { ThrowOperationCanceledOnCancellation = true });
        GrpcPort = Address(grpc).Port;
    }

    public TraceStore Store { get; }

    public HttpClient Http { get; }

    public GrpcChannel Grpc { get; }

    public Uri GrpcAddress { get; }

    public int GrpcPort { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<QueryApiHost> StartAsync(IReadOnlyList<Span> spans, JaegerApiOptions? options = null)
    {
        var directory = Directory.CreateTempSubdirectory("dht-tracer-query-");
        var store = await SqliteTraceStore.OpenAsync(
            new SqliteOptions { Directory = directory.FullName },
            static _ => DhtTracer.Analysis.ReconstructedTrace.Empty
        );
        foreach (var trace in spans.GroupBy(span => span.TraceId))
        {
            await AddAsync(store, [.. trace.DistinctBy(span => span.SpanId)]);
        }

        var http = Build(HttpProtocols.Http1);
        http.MapJaegerQueryHttp(store, options);
        var grpc = Build(HttpProtocols.Http2, services => services.AddSingleton<TraceStore>(store).AddJaegerQueryGrpc(options));
        grpc.MapJaegerQueryGrpc();
        await http.StartAsync();
        await grpc.StartAsync();
        return new QueryApiHost(directory, store, http, grpc);
    }

    /// <summary>Stores a span and analyses its trace.</summary>
    public Task AddAsync(Span span) => AddAsync(Store, [span]);

    /// <summary>Status, media type and JSON of an answer.</summary>
    public async Task<(HttpStatusCode Status, string? Type, JsonNode Json)> GetAsync(string path)
    {
        using var response = await Http.GetAsync(path, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        return (response.StatusCode, response.Content.Headers.ContentType?.MediaType, JsonNode.Parse(text)!);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Grpc.Dispose();
        foreach (var port in _ports)
        {
            await port.DisposeAsync();
        }

        await Store.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static async Task AddAsync(TraceStore store, ImmutableArray<Span> spans)
    {
        var trace = spans[0].TraceId;
        await store.AppendAsync([new TraceChunk(trace, OtlpProtobuf.Encode(spans), spans.Length)]);
        var content = await store.LoadAsync(trace) ?? throw new InvalidOperationException("the trace that was just stored is gone");
        var merged = DhtTracer.Analysis.Reconstruction.SpanMerge.Merge(OtlpProtobuf.Decode(content.Otlp));
        await store.SaveAnalysesAsync([
            new TraceAnalysis
            {
                Content = content,
                Otlp = OtlpProtobuf.Encode(merged),
                Spans = merged,
                Version = 1,
            },
        ]);
    }

    private static WebApplication Build(HttpProtocols protocols, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        services?.Invoke(builder.Services);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        return builder.Build();
    }

    private static Uri Address(WebApplication app) =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
}
