using System.Net.Sockets;
using DhtTracer.Jaeger.Receiving;

namespace DhtTracer.Hosting.Ports;

/// <summary>Opens one of Jaeger's UDP ports while the host runs.</summary>
/// <param name="port">The port.</param>
/// <param name="receiver">Receives its datagrams.</param>
internal sealed class UdpPortService(OpenPort port, JaegerUdpReceiver receiver) : IHostedService, IAsyncDisposable
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var bound = receiver.Start(port.EndPoint);
            port.BoundAt(() => bound);
            return Task.CompletedTask;
        }
        catch (SocketException failure)
        {
            throw PortFailure.Of(port, failure);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => receiver.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => receiver.DisposeAsync();
}
