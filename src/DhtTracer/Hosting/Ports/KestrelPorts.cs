using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace DhtTracer.Hosting.Ports;

/// <summary>Configures Kestrel to open all HTTP ports, in one server.</summary>
internal static class KestrelPorts
{
    /// <summary>Adds the server and its ports.</summary>
    public static void Add(WebApplicationBuilder builder, OpenPorts ports)
    {
        // UseKestrel would also open ports from a configuration section, but the table must be the only source.
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = Math.Max(kestrel.Limits.MaxRequestLineSize, PortTable.MaxTarget + 64);
            foreach (var port in ports.Http)
            {
                kestrel.Listen(port.EndPoint, listen => Configure(listen, port, ports.Settings.Certificate));
            }
        });
        builder.Services.Configure<SocketTransportOptions>(sockets =>
            sockets.CreateBoundListenSocket = endPoint => Bind((IPEndPoint)endPoint, ports)
        );
    }

    private static void Configure(ListenOptions listen, OpenPort port, TlsCertificate? certificate)
    {
        listen.Protocols = port.Row.Protocol == PortProtocol.Http2 ? HttpProtocols.Http2 : HttpProtocols.Http1;
        listen.Use(next => connection => RunAsync(connection, port, next));
        if (port.IsTls && certificate is not null)
        {
            listen.UseHttps(
                new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ =>
                        ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current }),
                }
            );
        }

        port.BoundAt(() => listen.IPEndPoint is { Port: > 0 } bound ? bound : null);
    }

    private static async Task RunAsync(ConnectionContext connection, OpenPort port, ConnectionDelegate next)
    {
        if (!port.TryEnter())
        {
            connection.Abort(new ConnectionAbortedException($"{port.Row.Title} has {port.Row.MaxConnections} connections already"));
            return;
        }

        try
        {
            connection.Features.Set(port);
            await next(connection);
        }
        finally
        {
            port.Leave();
        }
    }

    // Kestrel names the port only for some failures. Here it is always known.
    private static Socket Bind(IPEndPoint endPoint, OpenPorts ports)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        }
        catch (SocketException failure)
        {
            throw PortFailure.Of(ports.Http.First(port => port.EndPoint.Equals(endPoint)), failure);
        }
    }
}
