using System.Net;
using System.Net.Sockets;
using DhtTracer.Jaeger.Receiving;

namespace DhtTracer.Hosting;

/// <summary>One of Jaeger's UDP ports as a listener of the main process.</summary>
/// <param name="info">Which.</param>
/// <param name="endPoint">Address and port; port 0 for a free one.</param>
/// <param name="receiver">Who receives.</param>
internal sealed class UdpListener(ListenerInfo info, IPEndPoint endPoint, JaegerUdpReceiver receiver) : IListener
{
    /// <inheritdoc/>
    public ListenerInfo Info => info;

    /// <inheritdoc/>
    public Task<string> StartAsync(CancellationToken cancellation)
    {
        try
        {
            return Task.FromResult(receiver.Start(endPoint).ToString());
        }
        catch (SocketException failure)
        {
            throw failure.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? PortFailure.Taken(info, endPoint.Port, failure)
                : PortFailure.NotBound(info, endPoint.Port, failure);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellation) => receiver.StopAsync(cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => receiver.DisposeAsync();
}
