using DhtTracer.Hosting.Ports;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Jaeger.Health;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Jaeger.QueryApi;
using DhtTracer.Jaeger.Receiving;
using DhtTracer.Traces.Thrift;

namespace DhtTracer.Hosting;

/// <summary>Registers the sources of spans other than HTTP endpoints: datagrams and pulling.</summary>
internal static class ReceiverServices
{
    /// <summary>Adds the services that the table's gRPC ports map.</summary>
    public static IServiceCollection AddGrpcPorts(this IServiceCollection services) =>
        services.AddOtlpGrpc().AddJaegerGrpc().AddJaegerQueryGrpc().AddGrpcHealth();

    /// <summary>Adds a receiver for each open UDP port.</summary>
    public static IServiceCollection AddUdpReceivers(this IServiceCollection services, OpenPorts ports)
    {
        foreach (var port in ports.All.Where(static port => port.Row.Protocol == PortProtocol.Udp))
        {
            var protocol = port.Row.Kind == PortKind.JaegerUdpCompact ? ThriftProtocol.Compact : ThriftProtocol.Binary;

            // AddHostedService would register only one service per type.
            services.AddSingleton<IHostedService>(provider => new UdpPortService(
                port,
                ActivatorUtilities.CreateInstance<JaegerUdpReceiver>(provider, protocol)
            ));
        }

        return services;
    }

    /// <summary>Adds a following pull for each configured Jaeger. Each continues where its last pull ended.</summary>
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
                Late = options.PullLate,
                Access = options.PullAccess,
                Follow = true,
            }),
        ];
        return services.AddHostedService(provider => ActivatorUtilities.CreateInstance<JaegerPullService>(provider, sources));
    }
}
