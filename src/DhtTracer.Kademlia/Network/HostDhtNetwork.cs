using System.Runtime.CompilerServices;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Libp2p;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Network;

/// <summary>The network of a DHT node on a libp2p host. Each request uses its own stream.</summary>
internal sealed class HostDhtNetwork(Libp2pHost host, DhtOptions options) : IDhtNetwork
{
    // One wrapper per connection, so a query can see whether it still has the same connection.
    private readonly ConditionalWeakTable<Connection, HostConnection> _connections = [];

    public PeerId LocalPeer => host.PeerId;

    public IReadOnlyList<Multiaddr> LocalAddresses => host.AnnouncedAddresses;

    public IDhtConnection? FindConnection(PeerId peer) =>
        host.FindConnection(peer) is { IsOpen: true } connection ? Wrap(connection) : null;

    public async Task<DialResult> DialAsync(PeerId peer, IReadOnlyList<Multiaddr> addresses, CancellationToken cancellationToken)
    {
        try
        {
            var known = addresses.Concat(host.Peers.Find(peer)?.Addresses ?? []).Distinct();
            var dialed = await host.DialAsync(peer, known, new DialOptions { Timeout = options.DialTimeout }, cancellationToken);
            return new DialResult
            {
                Connection = Wrap(dialed.Connection),
                Reused = dialed.Reused,
                Address = dialed.Address.ToString(),
                AddressesTried = dialed.Reused ? null : dialed.AddressesTried,
                Transport = "tcp",
            };
        }
        catch (DialException exception)
        {
            var tried = exception.Attempts.Where(attempt => attempt.Tried).ToList();
            return new DialResult
            {
                Error = new DhtError(ClassOf(exception.Error), exception.Message),
                Address = tried.Count == 0 ? null : tried[^1].Address.ToString(),
                AddressesTried = tried.Count,
                Transport = tried.Count == 0 ? null : "tcp",
            };
        }
        catch (ObjectDisposedException)
        {
            return new DialResult { Error = new DhtError(ErrorClass.Other, "this node is shutting down") };
        }
    }

    private static string ClassOf(DialError error) =>
        error switch
        {
            DialError.Timeout => ErrorClass.DialTimeout,
            DialError.Refused => ErrorClass.DialRefused,
            DialError.NoRoute => ErrorClass.NoRoute,
            DialError.Backoff => ErrorClass.DialBackoff,
            DialError.Handshake or DialError.WrongPeer => ErrorClass.Handshake,
            DialError.ProtocolNotSupported => ErrorClass.ProtocolNotSupported,
            DialError.Reset => ErrorClass.Reset,
            _ => ErrorClass.DialFailed,
        };

    private HostConnection Wrap(Connection connection) =>
        _connections.GetValue(connection, open => new HostConnection(host, open, options));

    private sealed class HostConnection(Libp2pHost host, Connection connection, DhtOptions options) : IDhtConnection
    {
        private string? _address;

        public string? Agent => host.Peers.Find(connection.RemotePeer)?.AgentVersion;

        public IReadOnlyList<string>? Protocols =>
            host.Peers.Find(connection.RemotePeer)?.Protocols is { Count: > 0 } protocols ? protocols : null;

        // Every query that uses the connection reads this.
        public string? Address => _address ??= connection.RemoteAddress.ToString();

        public async Task<RequestResult> RequestAsync(KadMessage request, CancellationToken cancellationToken)
        {
            Libp2pStream? stream = null;
            try
            {
                if (request.Type == MessageType.Ping)
                {
                    await connection.PingAsync(cancellationToken);
                    return new RequestResult(new KadMessage { Type = MessageType.Ping }, null);
                }

                stream = await connection.OpenStreamAsync(options.Protocol, cancellationToken);
                await stream.WriteAsync(KadFraming.Frame(request), cancellationToken);
                stream.CloseWrite();
                if (request.Type == MessageType.AddProvider)
                {
                    await stream.FlushAsync(cancellationToken);
                    await stream.DisposeAsync();
                    return new RequestResult(null, null);
                }

                if (await KadFraming.ReadAsync(stream, options.MessageLimits, cancellationToken) is not { } answer)
                {
                    return Failed(stream, ErrorClass.Reset, "the stream was closed without an answer");
                }

                // Anything after the answer (FIN or reset) does not matter.
                await stream.DisposeAsync();
                return new RequestResult(answer, null);
            }
            catch (OperationCanceledException)
            {
                stream?.Reset("The request was taken back.");
                throw;
            }
            catch (ProtocolNotSupportedException exception)
            {
                return Failed(stream, ErrorClass.ProtocolNotSupported, exception.Message);
            }
            catch (Exception exception) when (exception is KadMessageException or WireException)
            {
                return Failed(stream, ErrorClass.BadAnswer, exception.Message);
            }
            catch (TimeoutException exception)
            {
                return Failed(stream, ErrorClass.RequestTimeout, exception.Message);
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                return Failed(stream, ErrorClass.Reset, exception.Message);
            }
        }

        private static RequestResult Failed(Libp2pStream? stream, string errorClass, string text)
        {
            stream?.Reset(text);
            return new RequestResult(null, new DhtError(errorClass, text));
        }
    }
}
