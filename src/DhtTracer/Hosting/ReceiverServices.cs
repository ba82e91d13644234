using DhtTracer.Hosting.Ports;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Jaeger.Health;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Jaeger.QueryApi;
using DhtTracer.Jaeger.Receiving;
using DhtTracer.Traces.Thrift;

namespace DhtTracer.Hosting;

/// <summary>What brings spans into the archive beside the endpoints of the HTTP ports: datagrams, and pulling.</summary>
internal static class ReceiverServices
{
    /// <summary>Adds the services that the gRPC ports of the table map.</summary>
    public static IServiceCollection AddGrpcPorts(this IServiceCollection services) =>
        services.AddOtlpGrpc().AddJaegerGrpc().AddJaegerQueryGrpc().AddGrpcHealth();

    /// <summary>Adds a receiver for each UDP port that is open.</summary>
    public static IServiceCollection AddUdpReceivers(this IServiceCollection services, OpenPorts ports)
    {
        foreach (var port in ports.All.Where(static port => port.Row.Protocol == PortProtocol.Udp))
        {
            var protocol = port.Row.Kind == PortKind.JaegerUdpCompact ? ThriftProtocol.Compact : ThriftProtocol.Binary;

            // Not AddHostedService, which registers one service of a type.
            services.AddSingleton<IHostedService>(provider => new UdpPortService(
                port,
                ActivatorUtilities.CreateInstance<JaegerUdpReceiver>(provider, protocol)
            ));
        }

        return services;
    }

    /// <summary>Adds the following of the Jaegers that the options name, each from where its last pull ended.</summary>
    public static IServiceCollection AddPulls(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton<PullStatusBoard>();
        if (options.PullSources.Count == 0)
        {
            return services;
        }

        IReadOnlyList<PullOptions> sources =
        [
            .. options.PullSources.Select(source => new PullOptions
            {
                Source = source.Url,
                Services = source.Services.Count > 0 ? source.Services : options.PullServices,
                Since = options.PullSince,
                Follow = true,
            }),
        ];
        return services.AddHostedService(provider => ActivatorUtilities.CreateInstance<JaegerPullService>(provider, sources));
    }
}
