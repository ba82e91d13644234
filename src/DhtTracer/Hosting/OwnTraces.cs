using System.Net;
using DhtTracer.Hosting.Ports;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Output;
using OpenTelemetry.Trace;

namespace DhtTracer.Hosting;

/// <summary>Traces of the program's own work, for developers and operators of DhtTracer.</summary>
internal static class OwnTraces
{
    /// <summary>Exports these traces.</summary>
    /// <param name="services">Services.</param>
    /// <param name="endpoint">OTLP endpoint, gRPC; null for no export.</param>
    /// <param name="ports">The ports of this process.</param>
    /// <exception cref="CommandFailedException">The endpoint is a port of this process. Each span would then cause another one.</exception>
    public static IServiceCollection AddOwnTraces(this IServiceCollection services, Uri? endpoint, OpenPorts ports)
    {
        if (endpoint is null)
        {
            return services;
        }

        if (IsHere(endpoint) && ports.Http.FirstOrDefault(port => port.EndPoint.Port == endpoint.Port) is { } own)
        {
            throw new CommandFailedException(
                $"--own-traces {endpoint} is a port of this program ({own.Row.Title}), and each span would make another. "
                    + "Name another collector.",
                ExitCode.Usage
            );
        }

        services
            .AddOpenTelemetry()
            .WithTracing(traces => traces.AddSource(IngestTraces.Name).AddOtlpExporter(exporter => exporter.Endpoint = endpoint));
        return services;
    }

    private static bool IsHere(Uri endpoint) =>
        endpoint.IsLoopback
        || endpoint.Host.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(endpoint.Host.Trim('[', ']'), out var address) && address.Equals(IPAddress.Any));
}
