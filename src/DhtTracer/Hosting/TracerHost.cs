using System.Net;
using DhtTracer.Hosting.Ports;
using DhtTracer.Output;
using DhtTracer.Storage;
using DhtTracer.Web.About;
using DhtTracer.Web.Access;

namespace DhtTracer.Hosting;

/// <summary>The main process: the archive, the analysis, the receivers, the pulls and the site in one host.</summary>
internal sealed class TracerHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly ServerOptions _options;
    private readonly OpenPorts _ports;
    private readonly TextWriter _output;

    private TracerHost(IHost host, ServerOptions options, OpenPorts ports, TextWriter output)
    {
        _host = host;
        _options = options;
        _ports = ports;
        _output = output;
    }

    /// <summary>Opens the archive, starts everything, and prints the addresses.</summary>
    /// <param name="options">Options of the main process.</param>
    /// <param name="output">Receives the addresses.</param>
    /// <param name="cancellation">Cancels the start.</param>
    /// <param name="more">Registers additional services; null for none.</param>
    /// <exception cref="CommandFailedException">A port could not be opened.</exception>
    /// <exception cref="DatabaseException">The archive cannot be opened.</exception>
    public static async Task<TracerHost> StartAsync(
        ServerOptions options,
        TextWriter output,
        CancellationToken cancellation,
        Action<IServiceCollection>? more = null
    )
    {
        var access = AccessDecision.Of(options, TimeProvider.System.GetUtcNow());
        var ports = OpenPorts.Of(
            options.Ports,
            new PortSettings
            {
                Bind = options.Bind,
                HostNames = options.HostNames,
                CorsOrigins = options.CorsOrigins,
                PublicUrls = options.PublicUrls,
                Proxies = options.Proxies,
                Access = new PortAccess(access.IsRequired, options.OpenWithoutKey),
                Certificate = options.TlsFiles is { } files ? new TlsCertificate(files.Certificate, files.Key, TimeProvider.System) : null,
            }
        );
        var store = await Archive.OpenAsync(options.DataDirectory, cancellation);
        var built = ProgramHost.Build(ports, services => Register(services, options, access, ports, store, more));
        var host = new TracerHost(built, options, ports, output);
        try
        {
            await built.StartAsync(cancellation);
            if (options.LoadSamples)
            {
                var count = await host.Services.GetRequiredService<SampleLoader>().LoadAsync(cancellation);
                await output.WriteLineAsync($"Loaded the samples: {count} queries.");
            }

            await host.AnnounceAsync(cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>The registered services.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>Address of a port; null if it is off.</summary>
    public Uri? Address(PortKind kind) => _ports.Address(kind);

    /// <summary>Runs until it is told to stop. Then accepts no new work, and completes running work.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var lifetime = Services.GetRequiredService<IHostApplicationLifetime>();
        await using var stopping = lifetime.ApplicationStopping.Register(() => _output.WriteLine("Stopping."));
        await ProgramHost.RunAsync(_host, cancellation);
        return ExitCode.Success;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ProgramHost.DisposeAsync(_host);

    // In start order. The HTTP ports open last and close first.
    private static void Register(
        IServiceCollection services,
        ServerOptions options,
        AccessRules access,
        OpenPorts ports,
        TraceStore store,
        Action<IServiceCollection>? more
    )
    {
        services.AddArchive(store);
        if (options.Keep is not null || options.KeepBytes is not null)
        {
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<Retention>(provider, options));
        }

        services.AddHostedService<StatisticsPacking>();
        services.AddGrpcPorts();
        services.AddUdpReceivers(ports);
        services.AddPulls(options);
        services.AddSite(options, access);
        services.AddAlarms(options.Alarms);
        services.AddOwnTraces(options.OwnTraces, ports);
        more?.Invoke(services);
    }

    private async Task AnnounceAsync(CancellationToken cancellation)
    {
        var store = Services.GetRequiredService<TraceStore>();
        var counts = await store.CountsAsync(cancellation);
        await _output.WriteLineAsync($"DhtTracer {ProductVersion.Short}");
        var width = _ports.All.Select(static port => port.Row.Title.Length).Append(4).Max();
        foreach (var port in _ports.All)
        {
            await _output.WriteLineAsync($"  {port.Row.Title.PadRight(width)}  {port.Url}");
        }

        await _output.WriteLineAsync($"  {"data".PadRight(width)}  {store.Location} ({counts.Queries} queries)");
        var access = Services.GetRequiredService<AccessRules>();
        if (access.IsRequired)
        {
            await _output.WriteLineAsync(
                access.Keys is { } keys
                    ? $"Reading and sending need a key of {keys.Path}; 'dht-tracer keys' manages them."
                    : $"Reading needs a login at {access.OpenId!.Authority}. Nothing can be sent: there is no file of keys."
            );
        }
        else if (!IPAddress.IsLoopback(_options.Bind))
        {
            await _output.WriteLineAsync($"Anyone who reaches {_options.Bind} can read and send traces: --insecure allows it.");
        }

        if (counts is { Queries: 0, PendingSpans: 0 } && Address(PortKind.Site) is { } site)
        {
            await _output.WriteLineAsync(
                $"There are no queries yet. Open {new Uri(site, "/queries")} to load the samples, or start with --samples."
            );
        }

        await _output.WriteLineAsync("Ctrl-C stops.");
        await _output.FlushAsync(cancellation);
    }
}
