using System.Collections.Concurrent;
using System.Net;
using DhtTracer.Analysis;
using DhtTracer.Cli;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Health;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Jaeger.QueryApi;
using DhtTracer.Jaeger.Receiving;
using DhtTracer.Node;
using DhtTracer.Storage;
using DhtTracer.Traces.Thrift;
using DhtTracer.Web;
using DhtTracer.Web.Ingest;
using DhtTracer.Web.Node;
using DhtTracer.Web.Samples;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DhtTracer.Hosting;

/// <summary>
/// The main process: one store, one analysis worker, and a listener for each port. Over 300 lines, because the listeners are wired side by
/// side here, where the order in which they start and stop can be read.
/// </summary>
internal sealed class TracerHost : IAsyncDisposable
{
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetentionInterval = TimeSpan.FromMinutes(10);

    private readonly ServerOptions _options;
    private readonly TextWriter _output;
    private readonly List<IListener> _listeners = [];
    private readonly ConcurrentDictionary<ListenerKind, string> _authorities = [];
    private readonly List<Task> _background = [];
    private readonly CancellationTokenSource _stopping = new();

    private TracerHost(ServerOptions options, TraceStore store, TextWriter output)
    {
        _options = options;
        _output = output;
        Store = store;
        Node = new NodeAddress(options.Node ?? new Uri($"http://127.0.0.1:{NodeOptions.DefaultControlPort}"), options.Node is not null);
        Sink = new SpanSink(store, new IngestStatistics(TimeProvider.System));
        Logs = LoggerFactory.Create(ConsoleLogs.Configure);
        Worker = new AnalysisWorker(
            store,
            TraceReconstruction.Reconstruct,
            new AnalysisOptions(),
            TimeProvider.System,
            Logs.CreateLogger<AnalysisWorker>()
        );
    }

    /// <summary>The archive.</summary>
    public TraceStore Store { get; }

    /// <summary>The way in.</summary>
    public SpanSink Sink { get; }

    /// <summary>The analysis.</summary>
    public AnalysisWorker Worker { get; }

    /// <summary>How far each pull is.</summary>
    public PullStatusBoard Pulls { get; } = new();

    /// <summary>Where the node is that the page Run uses.</summary>
    public NodeAddress Node { get; }

    /// <summary>Logs, on standard error.</summary>
    public ILoggerFactory Logs { get; }

    /// <summary>Opens the archive, binds every port, and says where things are.</summary>
    /// <exception cref="CommandFailedException">A port cannot be had.</exception>
    /// <exception cref="DatabaseException">The archive cannot be opened.</exception>
    public static async Task<TracerHost> StartAsync(ServerOptions options, TextWriter output, CancellationToken cancellation)
    {
        var host = new TracerHost(options, await Archive.OpenAsync(options.DataDirectory, cancellation), output);
        try
        {
            await host.StartAsync(cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Address of a listener; null when it is off.</summary>
    public Uri? Address(ListenerKind kind) => _authorities.TryGetValue(kind, out var authority) ? new Uri($"http://{authority}") : null;

    /// <summary>Runs until cancelled, then stops taking, and finishes what was begun.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var cancelled = Task.Delay(Timeout.Infinite, cancellation);
        var ended = await Task.WhenAny([cancelled, .. _background]);
        if (ended != cancelled)
        {
            // A background task ends only when it was told to, or by a fault of ours: that must be seen.
            await ended;
            throw new InvalidOperationException("a background worker ended by itself");
        }

        await _output.WriteLineAsync("Stopping.");
        using var timeout = new CancellationTokenSource(FlushTimeout);
        foreach (var listener in _listeners)
        {
            await listener.StopAsync(timeout.Token);
        }

        return ExitCode.Success;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners)
        {
            await listener.DisposeAsync();
        }

        await _stopping.CancelAsync();
        await Task.WhenAll(_background);
        await Store.DisposeAsync();
        Logs.Dispose();
        _stopping.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellation)
    {
        _background.Add(Worker.RunAsync(_stopping.Token));
        if (_options.Keep is { } keep)
        {
            _background.Add(RetainAsync(keep, _stopping.Token));
        }

        var samples = new SampleLoader(Store, Worker);
        AddListeners(samples);
        var addresses = new List<(ListenerInfo Info, string Authority)>();
        foreach (var listener in _listeners)
        {
            var authority = await listener.StartAsync(cancellation);
            _authorities[listener.Info.Kind] = authority;
            addresses.Add((listener.Info, authority));
        }

        StartPulling();
        if (_options.LoadSamples)
        {
            await LoadSamplesAsync(samples, cancellation);
        }

        await AnnounceAsync(addresses, cancellation);
    }

    private void AddListeners(SampleLoader samples)
    {
        Add(ListenerKind.Site, HttpProtocols.Http1, services => AddSite(services, samples), app => app.MapDhtTracerWeb());
        var otlp = new OtlpOptions { AllowedOrigins = _options.CorsOrigins };
        Add(ListenerKind.OtlpHttp, HttpProtocols.Http1, _ => { }, app => app.MapOtlpHttp(Sink, otlp));
        Add(
            ListenerKind.OtlpGrpc,
            HttpProtocols.Http2,
            _ => { },
            app =>
            {
                app.MapOtlpGrpc(Sink, otlp);
                app.MapGrpcHealth(Store, "opentelemetry.proto.collector.trace.v1.TraceService");
            }
        );
        Add(
            ListenerKind.JaegerGrpc,
            HttpProtocols.Http2,
            _ => { },
            app =>
            {
                app.MapJaegerGrpc(Sink);
                app.MapGrpcHealth(Store, "jaeger.api_v2.CollectorService");
            }
        );
        Add(ListenerKind.JaegerThriftHttp, HttpProtocols.Http1, _ => { }, app => app.MapJaegerThriftHttp(Sink));
        AddUdp(ListenerKind.JaegerUdpCompact, ThriftProtocol.Compact);
        AddUdp(ListenerKind.JaegerUdpBinary, ThriftProtocol.Binary);
        Add(ListenerKind.JaegerSampling, HttpProtocols.Http1, _ => { }, app => app.MapJaegerSampling());
        Add(ListenerKind.Zipkin, HttpProtocols.Http1, _ => { }, app => app.MapZipkin(Sink));
        var query = new JaegerApiOptions { AllowedOrigins = _options.CorsOrigins };
        Add(ListenerKind.JaegerQueryHttp, HttpProtocols.Http1, _ => { }, app => app.MapJaegerQueryHttp(Store, query));
        Add(
            ListenerKind.JaegerQueryGrpc,
            HttpProtocols.Http2,
            _ => { },
            app =>
            {
                app.MapJaegerQueryGrpc(Store);
                app.MapGrpcHealth(Store, "jaeger.api_v2.QueryService");
            }
        );
        Add(ListenerKind.Health, HttpProtocols.Http1, _ => { }, app => app.MapHealth(Store, TimeProvider.System));
    }

    private void AddSite(IServiceCollection services, SampleLoader samples)
    {
        services.AddSingleton(Store);
        services.AddSingleton(Sink.Statistics);
        services.AddSingleton(Pulls);
        services.AddSingleton(Worker);
        services.AddSingleton(Node);
        if (_options.Kubo is { } kubo)
        {
            services.AddSingleton(new KuboConnection(kubo, Sink, IsOpen: !IPAddress.IsLoopback(IPAddress.Parse(_options.Bind))));
        }

        services.AddSingleton(new IngestSetup(Listeners, _options.Keep));
        services.AddSingleton<ISampleLoader>(samples);
        services.AddDhtTracerWeb();

        // The keys sign the tokens of the site's forms, so that a page that was open during a restart still works. They lie beside the
        // database, which is worth more, and only their owner can read them.
        var keys = Path.Combine(_options.DataDirectory, "keys");
        if (!OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(keys, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        services.AddDataProtection().SetApplicationName("dht-tracer").PersistKeysToFileSystem(new DirectoryInfo(keys));
    }

    /// <summary>All listeners as they are now, those that are off included.</summary>
    private IReadOnlyList<ListenerState> Listeners() =>
        [
            .. ListenerInfo.All.Select(info => new ListenerState(
                info.Title,
                info.Receiver,
                info.Option,
                _authorities.TryGetValue(info.Kind, out var authority) ? string.Format(null, info.Url, authority) : null
            )),
        ];

    private void Add(ListenerKind kind, HttpProtocols protocols, Action<IServiceCollection> services, Action<WebApplication> map)
    {
        if (_options.Ports[kind] is { } port)
        {
            _listeners.Add(
                WebListener.Create(
                    ListenerInfo.Of(kind),
                    IPAddress.Parse(_options.Bind),
                    port,
                    protocols,
                    builder => services(builder.Services),
                    map
                )
            );
        }
    }

    private void AddUdp(ListenerKind kind, ThriftProtocol protocol)
    {
        if (_options.Ports[kind] is { } port)
        {
            var receiver = new JaegerUdpReceiver(Sink, protocol, Logs.CreateLogger<JaegerUdpReceiver>());
            _listeners.Add(new UdpListener(ListenerInfo.Of(kind), new IPEndPoint(IPAddress.Parse(_options.Bind), port), receiver));
        }
    }

    /// <summary>Follows the Jaegers that the options name, each from where its last pull ended.</summary>
    private void StartPulling()
    {
        if (_options.PullSources.Count == 0)
        {
            return;
        }

        var sources = _options.PullSources.Select(source => new PullOptions
        {
            Source = source.Url,
            Services = source.Services.Count > 0 ? source.Services : _options.PullServices,
            Since = _options.PullSince,
            Follow = true,
        });
        var service = new JaegerPullService([.. sources], Store, Sink, Pulls, TimeProvider.System, Logs.CreateLogger<JaegerPullService>());
        _background.Add(RunServiceAsync(service, _stopping.Token));
    }

    private static async Task RunServiceAsync(BackgroundService service, CancellationToken cancellation)
    {
        using (service)
        {
            await service.StartAsync(cancellation);
            try
            {
                await (service.ExecuteTask ?? Task.CompletedTask);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // Asked for.
            }
        }
    }

    private async Task LoadSamplesAsync(SampleLoader samples, CancellationToken cancellation)
    {
        var count = await samples.LoadAsync(cancellation);
        await _output.WriteLineAsync($"Loaded the samples: {count} queries.");
    }

    private async Task AnnounceAsync(List<(ListenerInfo Info, string Authority)> addresses, CancellationToken cancellation)
    {
        var counts = await Store.CountsAsync(cancellation);
        await _output.WriteLineAsync($"DhtTracer {typeof(TracerHost).Assembly.GetName().Version?.ToString(3)}");
        var width = addresses.Select(address => address.Info.Title.Length).Append(4).Max();
        foreach (var (info, authority) in addresses)
        {
            await _output.WriteLineAsync($"  {info.Title.PadRight(width)}  {string.Format(null, info.Url, authority)}");
        }

        await _output.WriteLineAsync($"  {"data".PadRight(width)}  {Store.Options.FilePath} ({counts.Queries} queries)");
        if (!IPAddress.IsLoopback(IPAddress.Parse(_options.Bind)))
        {
            await _output.WriteLineAsync($"Anyone who reaches {_options.Bind} can read and send traces: there is no login.");
        }

        if (
            counts is { Queries: 0, PendingSpans: 0 }
            && addresses.Find(address => address.Info.Kind == ListenerKind.Site) is { Authority: { } site }
        )
        {
            await _output.WriteLineAsync(
                $"There are no queries yet. Open http://{site}/queries to load the samples, or start with --samples."
            );
        }

        await _output.WriteLineAsync("Ctrl-C stops.");
        await _output.FlushAsync(cancellation);
    }

    private async Task RetainAsync(TimeSpan keep, CancellationToken cancellation)
    {
        var logger = Logs.CreateLogger<TracerHost>();
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var deleted = await Store.DeleteOlderThanAsync(TimeProvider.System.GetUtcNow() - keep, cancellation);
                if (deleted > 0)
                {
                    logger.LogInformation("Deleted {Count} traces older than {Keep}", deleted, keep);
                }

                await Task.Delay(RetentionInterval, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (DatabaseException failure)
            {
                logger.LogError(failure, "Old traces were not deleted; trying again in {Interval}", RetentionInterval);
                await Task.Delay(RetentionInterval, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
