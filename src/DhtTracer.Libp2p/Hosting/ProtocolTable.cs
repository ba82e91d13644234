using System.Collections.Concurrent;
using DhtTracer.Libp2p.Streams;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>The protocols that a host supports, and their handlers.</summary>
internal sealed class ProtocolTable(Libp2pHostOptions options, Action<string, PeerId?, Exception> report)
{
    private readonly ConcurrentDictionary<string, Func<Libp2pStream, CancellationToken, Task>> _handlers = new(StringComparer.Ordinal);

    /// <summary>The protocols, in order.</summary>
    public IReadOnlyList<string> Names => [.. _handlers.Keys.Order(StringComparer.Ordinal)];

    public void Set(string protocol, Func<Libp2pStream, CancellationToken, Task> handler) => _handlers[protocol] = handler;

    public bool Remove(string protocol) => _handlers.TryRemove(protocol, out _);

    /// <summary>Negotiates the protocol of a stream opened by the remote, and runs its handler. Never throws.</summary>
    public async Task HandleAsync(Libp2pStream stream, CancellationToken stopping)
    {
        string? protocol = null;
        try
        {
            using (var timeout = new CancellationTokenSource(options.NegotiationTimeout, options.Time))
            using (var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping))
            {
                protocol = await MultistreamSelect.AcceptAsync(stream, _handlers.ContainsKey, () => Names, linked.Token);
            }

            stream.Protocol = protocol;
            if (_handlers.TryGetValue(protocol, out var handler))
            {
                await handler(stream, stopping);
                await stream.DisposeAsync();
                return;
            }

            stream.Reset("The protocol is spoken no more.");
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The remote left, broke the protocol, or was too slow; or the host is stopping.
            stream.Reset(e.Message);
        }
#pragma warning disable CA1031 // A handler may fail in any way: its stream is reset, the host goes on, and the owner is told.
        catch (Exception e)
        {
            report($"the handler of {protocol}", stream.Connection.RemotePeer, e);
            stream.Reset("The protocol handler failed.");
        }
#pragma warning restore CA1031
    }
}
