using DhtTracer.Hosting.Ports;

namespace DhtTracer.Hosting;

/// <summary>
/// The host of every long-running command: logs, configuration, service manager, ports and other registered services. The framework starts
/// services in order of registration and then opens the ports; it stops them in reverse order.
/// </summary>
internal static class ProgramHost
{
    /// <summary>Maximum time for running work to end.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    /// <param name="ports">The ports to open; null for none.</param>
    /// <param name="register">Registers the services of the host.</param>
    public static IHost Build(OpenPorts? ports, Action<IServiceCollection> register)
    {
        // Without an HTTP port, do not add a server: Kestrel would open its default port.
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
    /// <param name="cancellation">Stops the host, besides the signals that the framework handles.</param>
    /// <exception cref="Exception">A background service failed; this is its exception.</exception>
    public static async Task RunAsync(IHost host, CancellationToken cancellation)
    {
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        await using var stop = cancellation.Register(lifetime.StopApplication);
        await host.WaitForShutdownAsync(CancellationToken.None);
        foreach (var service in host.Services.GetServices<IHostedService>().OfType<BackgroundService>())
        {
            // A failure stops the host. The host only logs it, so report it here.
            if (service.ExecuteTask is { IsFaulted: true } failed)
            {
                await failed;
            }
        }
    }

    /// <summary>Stops a host and disposes it.</summary>
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
