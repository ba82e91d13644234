using System.Net.Sockets;
using DhtTracer.Libp2p.Yamux;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>
/// Upgrades sockets to connections of a host, and runs each connection to its end: identify, the remote's streams, keep-alive.
/// </summary>
internal sealed class ConnectionRunner(
    Libp2pHost host,
    ConnectionTable connections,
    ProtocolTable protocols,
    IdentifyService identify,
    WorkTracker work,
    CancellationToken stopping
)
{
    private readonly ConnectionUpgrader _upgrader = new(host.Options.Identity);
    private readonly YamuxOptions _yamuxOptions = new()
    {
        MaxInboundStreams = host.Options.MaxStreamsPerConnection,
        MaxOutboundStreams = host.Options.MaxStreamsPerConnection,
    };

    /// <summary>Upgrades a socket to a connection. If this fails, the caller must close the socket.</summary>
    public async Task<Connection> UpgradeAsync(
        Socket socket,
        bool isDialer,
        PeerId? expected,
        Multiaddr address,
        CancellationToken cancellationToken
    )
    {
        var upgraded = await _upgrader.UpgradeAsync(new NetworkStream(socket, ownsSocket: true), isDialer, expected, cancellationToken);
        if (upgraded.RemoteKey.PeerId == host.PeerId)
        {
            throw new DialException(DialError.NoRoute, "A host does not connect to itself.");
        }

        Connection? connection = null;
        var session = new YamuxSession(
            upgraded.Channel,
            isDialer,
            _yamuxOptions,
            host.Options.Time,
            stream => AcceptStream(connection!, stream)
        );
        connection = new Connection(host, session, upgraded.RemoteKey, address, isDialer, host.Options.Time);
        if (!connections.TryAdd(connection, out var evicted))
        {
            session.Abort(new ConnectionClosedException("The host takes no more connections."));
            upgraded.Channel.EndRead();
            throw new DialException(
                DialError.LimitReached,
                $"The host has {host.Options.MaxConnections} connections, all in use, or is shutting down."
            );
        }

        if (evicted is not null)
        {
            _ = work.Run("closing an idle connection", evicted.CloseAsync);
        }

        host.ClearBackoff(connection.RemotePeer);
        if (isDialer)
        {
            host.Peers.AddAddresses(connection.RemotePeer, [address]);
        }

        if (!work.Run("running a connection", () => RunAsync(connection, upgraded.Early)))
        {
            connections.Remove(connection);
            session.Abort(new ConnectionClosedException("The host is shutting down."));
            upgraded.Channel.EndRead();
            throw new DialException(DialError.Other, "The host is shutting down.");
        }

        return connection;
    }

    /// <summary>Called every few seconds. Keeps connections alive, and closes those whose remote is gone.</summary>
    public void Tick()
    {
        foreach (var connection in connections.All())
        {
            try
            {
                connection.Session.Tick();
            }
            catch (WireException e)
            {
                connection.Session.Abort(e);
            }
        }
    }

    /// <summary>Reads from a connection until it ends.</summary>
    private async Task RunAsync(Connection connection, ReadOnlyMemory<byte> early)
    {
        var reading = connection.Session.RunAsync(early);
        host.RaiseConnected(connection);
        _ = work.Run("identify", () => IdentifyAsync(connection));
        await reading;
        connections.Remove(connection);
        connection.SetIdentified(null);
        host.RaiseDisconnected(connection);
    }

    private async Task IdentifyAsync(Connection connection)
    {
        var info = await identify.RunAsync(connection, stopping);
        connection.SetIdentified(info);
        if (info is not null)
        {
            host.RaiseIdentified(connection, info);
        }
    }

    private void AcceptStream(Connection connection, YamuxStream yamux)
    {
        connection.Touch();
        _ = work.Run(
            "a protocol handler",
            () => protocols.HandleAsync(new Libp2pStream(connection, yamux, host.Options.Time, "", answered: true), stopping)
        );
    }
}
