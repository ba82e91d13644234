using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DhtTracer.FakeJaeger;

/// <summary>A Jaeger that misbehaves as the real ones do, on loopback: its query service over gRPC, HTTP v1 and HTTP v3.</summary>
public sealed class FakeJaegerServer : IAsyncDisposable
{
    private readonly WebApplication[] _ports;

    private FakeJaegerServer(FakeArchive archive, WebApplication grpc, WebApplication http)
    {
        Archive = archive;
        _ports = [grpc, http];
        GrpcAddress = Address(grpc);
        HttpAddress = Address(http);
    }

    public FakeArchive Archive { get; }

    public Uri GrpcAddress { get; }

    public Uri HttpAddress { get; }

    public static async Task<FakeJaegerServer> StartAsync(FakeJaegerOptions options, FakeArchive? archive = null)
    {
        archive ??= new FakeArchive(options);
        var faults = new FakeFaults(options);
        var grpc = Build(
            options,
            options.GrpcPort,
            HttpProtocols.Http2,
            services =>
            {
                services.AddGrpc(grpc => grpc.MaxSendMessageSize = null);
                services.AddSingleton(new FakeQueryService(archive, faults, options));
                services.AddSingleton(new FakeQueryServiceV3(archive, faults, options));
            }
        );
        if (options.ServeGrpc)
        {
            if (options.ServeApiV2)
            {
                grpc.MapGrpcService<FakeQueryService>();
            }

            grpc.MapGrpcService<FakeQueryServiceV3>();
        }

        var http = Build(options, options.HttpPort, HttpProtocols.Http1, _ => { });
        if (options.ServeHttpV1)
        {
            new FakeHttpV1(archive, faults, options).Map(http);
        }

        if (options.ServeHttpV3)
        {
            new FakeHttpV3(archive, faults, options).Map(http);
        }

        http.MapGet(
            "/",
            () =>
                Results.Content(
                    $"<!DOCTYPE html><script>JAEGER_VERSION = {{\"gitCommit\":\"\",\"gitVersion\":\"{options.Version}\","
                        + "\"buildDate\":\"\"};</script>",
                    "text/html"
                )
        );
        await grpc.StartAsync();
        await http.StartAsync();
        return new FakeJaegerServer(archive, grpc, http);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var port in _ports)
        {
            await port.DisposeAsync();
        }
    }

    private static WebApplication Build(FakeJaegerOptions options, int port, HttpProtocols protocols, Action<IServiceCollection> services)
    {
        var builder = WebApplication.CreateSlimBuilder();
        services(builder.Services);
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(
                IPAddress.Loopback,
                port,
                listen =>
                {
                    listen.Protocols = protocols;
                    if (options.Certificate is { } certificate)
                    {
                        listen.UseHttps(https =>
                        {
                            https.ServerCertificate = certificate;
                            if (options.ClientThumbprint is { } thumbprint)
                            {
                                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                                https.ClientCertificateValidation = (client, _, _) => client.Thumbprint == thumbprint;
                            }
                        });
                    }
                }
            )
        );
        var app = builder.Build();
        app.Use(
            (context, next) =>
            {
                if (options.Authorization is { } only && context.Request.Headers.Authorization != only)
                {
                    context.Response.StatusCode = 401;
                    return Task.CompletedTask;
                }

                if (options.PathBase.Length > 0)
                {
                    if (!context.Request.Path.StartsWithSegments(options.PathBase, StringComparison.Ordinal, out var rest))
                    {
                        context.Response.StatusCode = 404;
                        return Task.CompletedTask;
                    }

                    context.Request.Path = rest;
                }

                return next(context);
            }
        );
        app.UseRouting();
        return app;
    }

    private static Uri Address(WebApplication application) =>
        new(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
}
