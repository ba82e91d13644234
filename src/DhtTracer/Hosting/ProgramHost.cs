using DhtTracer.Hosting.Ports;
using DhtTracer.Output;

namespace DhtTracer.Hosting;

/// <summary>
/// The host of every command that runs for a while: logs, configuration, the service manager, the ports and what else is registered. The
/// framework starts what is registered in its order, then opens the ports; it stops in the opposite order.
/// </summary>
internal static class ProgramHost
{
    /// <summary>How long what was begun may take to come to an end.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Builds a host.</summary>
    /// <param name="ports">The ports that it opens; null for none.</param>
    /// <param name="register">Adds what runs in it.</param>
    public static IHost Build(OpenPorts? ports, Action<IServiceCollection> register)
    {
        // Without a port for HTTP there is no server: Kestrel would open its default one.
        if (ports is null || !ports.Http.Any())
        {
            var plain = Host.CreateEmptyApplicationBuilder(
                new HostApplicationBuilderSettings
                {
                    ContentRootPath = AppContext.BaseDirectory,
                    EnvironmentName = Environments.Production,
                    DisableDefaults = true,
                }
            );
            AddCommon(plain, ports, register);
            return plain.Build();
        }

        var builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, EnvironmentName = Environments.Production }
        );
        AddCommon(builder, ports, register);
        KestrelPorts.Add(builder, ports);
        var app = builder.Build();
        app.UsePorts(ports);
        return app;
    }

    /// <summary>Waits until the process is told to stop, then stops the host.</summary>
    /// <param name="host">A host that was started.</param>
    /// <param name="cancellation">Stops it, beside the signals that the framework knows.</param>
    /// <exception cref="Exception">A service in the background failed; this is its exception.</exception>
    public static async Task RunAsync(IHost host, CancellationToken cancellation)
    {
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        await using var stop = cancellation.Register(lifetime.StopApplication);
        await host.WaitForShutdownAsync(CancellationToken.None);
        foreach (var service in host.Services.GetServices<IHostedService>().OfType<BackgroundService>())
        {
            // A failure stops the host, and must be seen here: the host itself only logs it.
            if (service.ExecuteTask is { IsFaulted: true } failed)
            {
                await failed;
            }
        }
    }

    /// <summary>Stops a host and releases what it holds.</summary>
    public static async ValueTask DisposeAsync(IHost host)
    {
        await host.StopAsync(CancellationToken.None);
        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
        else
        {
            host.Dispose();
        }
    }

    private static void AddCommon(IHostApplicationBuilder builder, OpenPorts? ports, Action<IServiceCollection> register)
    {
        builder.Configuration.AddConfiguration(Settings.Load());
        ConsoleLogs.Configure(builder.Logging);
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Services.AddSystemd();
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = StopTimeout);
        builder.Services.AddSingleton(TimeProvider.System);
        if (ports is not null)
        {
            builder.Services.AddSingleton(ports);
            builder.Services.AddRouting();
            builder.Services.AddCors();
        }

        register(builder.Services);
    }
}
