using System.Net;
using DhtTracer.Cli;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DhtTracer.Hosting;

/// <summary>One HTTP listener on its own port. Each has its own small application, so that no endpoint can be reached on a port it does not
/// belong to.</summary>
internal sealed class WebListener : IListener
{
    /// <summary>Connections at once to one port; one more is closed as soon as it is made. A listener of bodies holds memory for
    /// each.</summary>
    public const int MaxConnections = 1_000;

    private readonly WebApplication _app;
    private readonly int _port;

    private WebListener(ListenerInfo info, int port, WebApplication app)
    {
        Info = info;
        _port = port;
        _app = app;
    }

    /// <inheritdoc/>
    public ListenerInfo Info { get; }

    /// <summary>Services of the application, for a listener that others need something of.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Builds a listener; nothing is bound before <see cref="StartAsync"/>.</summary>
    /// <param name="info">Which.</param>
    /// <param name="bind">Address to bind.</param>
    /// <param name="port">Port; 0 for a free one.</param>
    /// <param name="protocols">HTTP/2 only for gRPC in clear text: a port that also speaks HTTP/1.1 refuses prior knowledge.</param>
    /// <param name="configure">Adds services.</param>
    /// <param name="map">Adds endpoints.</param>
    public static WebListener Create(
        ListenerInfo info,
        IPAddress bind,
        int port,
        HttpProtocols protocols,
        Action<WebApplicationBuilder> configure,
        Action<WebApplication> map
    )
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, EnvironmentName = Environments.Production }
        );
        ConsoleLogs.Configure(builder.Logging);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Listen(bind, port, endpoint => endpoint.Protocols = protocols);
        });
        configure(builder);
        var built = builder.Build();
        map(built);
        return new WebListener(info, port, built);
    }

    /// <inheritdoc/>
    public async Task<string> StartAsync(CancellationToken cancellation)
    {
        try
        {
            await _app.StartAsync(cancellation);
        }
        catch (IOException failure) when (failure.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw PortFailure.Taken(Info, _port, failure);
        }
        catch (System.Net.Sockets.SocketException failure)
        {
            throw PortFailure.NotBound(Info, _port, failure);
        }

        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new Uri(address).Authority;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellation) => _app.StopAsync(cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
