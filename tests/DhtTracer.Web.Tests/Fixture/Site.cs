using System.Text.Json;
using AngleSharp;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Files;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Storage;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Web.Ingest;
using DhtTracer.Web.Node;
using DhtTracer.Web.Samples;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DhtTracer.Web.Tests.Fixture;

/// <summary>The site on a free port over an archive of its own, and a client that reads its pages.</summary>
internal sealed class Site : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;

    private readonly Func<IReadOnlyList<Span>, ReconstructedTrace> _reconstruct;

    private Site(
        WebApplication app,
        DirectoryInfo folder,
        TraceStore store,
        SampleLoader samples,
        Uri address,
        Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct
    )
    {
        _reconstruct = reconstruct;
        _app = app;
        _folder = folder;
        Store = store;
        Samples = samples;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = true })
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    public TraceStore Store { get; }

    public SampleLoader Samples { get; }

    /// <summary>What the site runs with.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Runs around each request; null for nothing.</summary>
    public Func<HttpContext, RequestDelegate, Task>? Around { get; set; }

    /// <summary>Follows no redirect.</summary>
    public HttpClient Client { get; }

    public static Task<Site> StartAsync(params IEnumerable<Query> queries) => StartAsync(null, queries);

    /// <summary>Starts with services of the test's own, which replace those of the fixture.</summary>
    public static Task<Site> StartAsync(Action<IServiceCollection>? configure, params IEnumerable<Query> queries) =>
        StartAsync(configure, TraceReconstruction.Reconstruct, queries);

    /// <summary>Starts with traces that tell exactly this, whatever a dialect would read from spans. Each has at least one query.</summary>
    public static Task<Site> StartRebuiltAsync(params IReadOnlyList<ReconstructedTrace> traces) => StartRebuiltAsync(null, traces);

    /// <summary>The same with services of the test's own.</summary>
    public static Task<Site> StartRebuiltAsync(Action<IServiceCollection>? configure, IReadOnlyList<ReconstructedTrace> traces) =>
        StartAsync(
            configure,
            spans => traces.First(trace => trace.Queries[0].Id.TraceId == spans[0].TraceId),
            traces.Select(static trace => trace.Queries[0])
        );

    private static async Task<Site> StartAsync(
        Action<IServiceCollection>? configure,
        Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct,
        IEnumerable<Query> queries
    )
    {
        var data = Directory.CreateTempSubdirectory("dht-tracer-web-");
        var store = await SqliteTraceStore.OpenAsync(new SqliteOptions { Directory = data.FullName }, reconstruct);
        var samples = new SampleLoader();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddDhtTracerWeb();
        builder.Services.AddSingleton<TraceStore>(store);
        builder.Services.AddSingleton<ISampleLoader>(samples);
        builder.Services.AddSingleton(new IngestStatistics(TimeProvider.System));
        builder.Services.AddSingleton(new PullStatusBoard());
        builder.Services.AddSingleton(
            new AnalysisWorker(store, reconstruct, new AnalysisOptions(), TimeProvider.System, NullLogger<AnalysisWorker>.Instance)
        );
        builder.Services.AddSingleton(new IngestSetup(static () => [], null));
        builder.Services.AddSingleton(new NodeAddress(null, isGiven: false));
        configure?.Invoke(builder.Services);
        var host = builder.Build();
        Site? site = null;
        host.Use((context, next) => site?.Around is { } around ? around(context, next) : next(context));
        host.UseDhtTracerWeb();
        host.MapGet("/test/throw", void () => throw new InvalidOperationException("a secret of the program"));
        await host.StartAsync();
        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        site = new Site(host, data, store, samples, new Uri(address), reconstruct);
        await site.AddAsync([.. queries.Select(NativeTrace.Of)]);
        return site;
    }

    /// <summary>Stores traces and analyses them.</summary>
    public async Task AddAsync(params IReadOnlyList<IReadOnlyList<Span>> traces)
    {
        foreach (var spans in traces)
        {
            await Store.AppendAsync([new TraceChunk(spans[0].TraceId, OtlpProtobuf.Encode(spans), spans.Count)]);
            await AnalyseAsync(spans[0].TraceId);
        }
    }

    /// <summary>Imports files and folders as the command line does, and analyses what came.</summary>
    public async Task<ImportSummary> ImportAsync(params IReadOnlyList<string> paths)
    {
        var summary = await new FileImporter(Store).ImportAsync(paths, new ImportOptions());
        foreach (var trace in summary.Traces)
        {
            await AnalyseAsync(trace);
        }

        await SettleAsync();
        return summary;
    }

    /// <summary>Analyses the traces again that others were linked to.</summary>
    public async Task SettleAsync()
    {
        while (await Store.ListPendingAsync(1000) is { Count: > 0 } pending)
        {
            foreach (var trace in pending)
            {
                await AnalyseAsync(trace.TraceId);
            }
        }
    }

    /// <summary>An answer of the API, which must be there.</summary>
    public async Task<JsonElement> JsonAsync(string address)
    {
        var response = await Client.GetAsync(new Uri(address, UriKind.Relative));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{address} answered {(int)response.StatusCode}: {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    /// <summary>A page, which must be there.</summary>
    public async Task<IHtmlDocument> PageAsync(string address)
    {
        var response = await Client.GetAsync(new Uri(address, UriKind.Relative));
        Assert.True(response.IsSuccessStatusCode, $"{address} answered {(int)response.StatusCode}");
        return await DocumentAsync(response);
    }

    public static async Task<IHtmlDocument> DocumentAsync(HttpResponseMessage response)
    {
        var html = await response.Content.ReadAsStringAsync();
        return (IHtmlDocument)await BrowsingContext.New(Configuration.Default).OpenAsync(request => request.Content(html));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        await Store.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task AnalyseAsync(TraceId trace)
    {
        var content = await Store.LoadAsync(trace) ?? throw new InvalidOperationException("the trace that was just stored is gone");
        var spans = await Store.GetTraceAsync(trace);
        var found = Store.Reconstruct(content);
        await Store.SaveAnalysesAsync([
            new TraceAnalysis
            {
                Content = content,
                Otlp = content.Otlp,
                Spans = spans,
                Found = found,
                Version = AnalysisVersion.Current,
            },
        ]);
    }

    /// <summary>Stands for the host's samples.</summary>
    internal sealed class SampleLoader : ISampleLoader
    {
        public Func<Task<int>> Load { get; set; } = () => Task.FromResult(3);

        public bool Available { get; set; } = true;

        public Task<int> LoadAsync(CancellationToken cancellationToken) => Load();
    }
}

/// <summary>Short ways to read pages.</summary>
internal static class PageReading
{
    /// <summary>Texts of all elements, each with its white space collapsed.</summary>
    public static IReadOnlyList<string> Texts(this IParentNode page, string selector) => [.. page.QuerySelectorAll(selector).Select(Text)];

    public static string Text(this INode node) =>
        string.Join(' ', node.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
