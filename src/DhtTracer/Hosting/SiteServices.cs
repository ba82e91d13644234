using System.Net;
using DhtTracer.Hosting.Ports;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Node;
using DhtTracer.Storage;
using DhtTracer.Storage.Postgres;
using DhtTracer.Web;
using DhtTracer.Web.Access;
using DhtTracer.Web.Ingest;
using DhtTracer.Web.Node;
using DhtTracer.Web.Samples;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;

namespace DhtTracer.Hosting;

/// <summary>Registers the web site, with the information that only the host has.</summary>
internal static class SiteServices
{
    public static IServiceCollection AddSite(this IServiceCollection services, ServerOptions options, AccessRules access)
    {
        services.AddDhtTracerWeb(access);
        services.AddSingleton(
            new NodeAddress(options.Node ?? new Uri($"http://127.0.0.1:{NodeOptions.DefaultControlPort}"), options.Node is not null)
        );
        if (options.Kubo is { } kubo)
        {
            services.AddSingleton(_ => kubo);
            services.AddSingleton(provider => new KuboConnection(
                kubo,
                provider.GetRequiredService<SpanSink>(),
                IsOpen: !IPAddress.IsLoopback(options.Bind)
            ));
        }

        services.AddSingleton(provider => new IngestSetup(
            () => States(provider.GetRequiredService<OpenPorts>()),
            options.Keep,
            options.KeepBytes
        ));
        services.AddSingleton<SampleLoader>();
        services.AddSingleton<ISampleLoader>(static provider => provider.GetRequiredService<SampleLoader>());
        if (PostgresConnection.IsConnection(options.DataDirectory))
        {
            services.AddDataProtection().SetApplicationName("dht-tracer");
            services
                .AddOptions<KeyManagementOptions>()
                .Configure<TraceStore>(static (keys, store) => keys.XmlRepository = new DatabaseKeys((PostgresTraceStore)store));
        }
        else
        {
            AddKeys(services, Path.Combine(options.DataDirectory, "keys"));
        }

        return services;
    }

    /// <summary>
    /// The keys sign the tokens of the site's forms, so a page opened before a restart still works afterwards. They are stored next to the
    /// database, which is more sensitive anyway, and only the owner can read them.
    /// </summary>
    private static void AddKeys(IServiceCollection services, string folder)
    {
        if (!OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        services.AddDataProtection().SetApplicationName("dht-tracer").PersistKeysToFileSystem(new DirectoryInfo(folder));
    }

    /// <summary>The current state of all ports of the main process, including those that are off.</summary>
    private static IReadOnlyList<ListenerState> States(OpenPorts open) =>
        [
            .. PortTable.Main.Select(row => new ListenerState(
                row.Title,
                row.Receiver,
                row.Option,
                open.All.FirstOrDefault(port => port.Row.Kind == row.Kind)?.Url
            )),
        ];
}
