using System.Net;
using System.Net.Sockets;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>Upgrades a socket to a connection; implemented by <see cref="Libp2pHost"/>.</summary>
internal delegate Task<Connection> UpgradeSocket(
    Socket socket,
    bool isDialer,
    PeerId? expected,
    Multiaddr address,
    CancellationToken cancellationToken
);

/// <summary>
/// Accepts the connections of a host. The number of concurrent handshakes is limited; further connections wait in the system's queue.
/// </summary>
/// <param name="options">Settings of the host.</param>
/// <param name="upgrade">Upgrades a socket to a connection.</param>
/// <param name="report">Receives errors that reach no caller.</param>
/// <param name="work">Runs background work.</param>
/// <param name="stopping">Cancelled when the host stops.</param>
internal sealed class Listener(
    Libp2pHostOptions options,
    UpgradeSocket upgrade,
    Action<string, PeerId?, Exception> report,
    WorkTracker work,
    CancellationToken stopping
) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<(Multiaddr Asked, ListeningSocket Socket)> _listeners = [];
    private readonly SemaphoreSlim _pending = new(options.MaxPendingInbound);
    private IReadOnlyList<Multiaddr> _addresses = [];

    /// <summary>The addresses where the host can be reached.</summary>
    public IReadOnlyList<Multiaddr> Addresses => Volatile.Read(ref _addresses);

    /// <summary>Binds addresses. Connections are accepted only after <see cref="Start"/>.</summary>
    /// <exception cref="SocketException">An address is in use, or does not belong to this machine.</exception>
    /// <exception cref="ArgumentException">An address is not plain TCP, or is given twice.</exception>
    public void Bind(IReadOnlyList<Multiaddr> addresses)
    {
        foreach (var address in addresses)
        {
            _ = BindOne(address);
        }
    }

    /// <summary>Starts accepting connections on the bound addresses.</summary>
    public void Start()
    {
        foreach (var (_, socket) in Snapshot())
        {
            Accept(socket);
        }
    }

    /// <summary>Binds one more address and accepts connections on it.</summary>
    /// <returns>The addresses where the host can be reached there.</returns>
    /// <exception cref="SocketException">The address is in use, or does not belong to this machine.</exception>
    /// <exception cref="ArgumentException">The address is not plain TCP, or is already bound.</exception>
    public IReadOnlyList<Multiaddr> Add(Multiaddr address)
    {
        var socket = BindOne(address);
        Accept(socket);
        return [.. socket.Addresses()];
    }

    /// <summary>Stops accepting on an address; false if it was not bound.</summary>
    public bool Remove(Multiaddr address)
    {
        lock (_gate)
        {
            var position = _listeners.FindIndex(listener => listener.Asked.Equals(address));
            if (position < 0)
            {
                return false;
            }

            _listeners[position].Socket.Dispose();
            _listeners.RemoveAt(position);
            Volatile.Write(ref _addresses, Reachable());
            return true;
        }
    }

    public void Stop() => Snapshot().ForEach(listener => listener.Socket.Dispose());

    public void Dispose()
    {
        Stop();
        _pending.Dispose();
    }

    private ListeningSocket BindOne(Multiaddr address)
    {
        if (!address.TryGetTcpEndPoint(out var endPoint))
        {
            throw new ArgumentException(
                $"{address} is not plain TCP, as in /ip4/0.0.0.0/tcp/4001: nothing else can be listened on.",
                nameof(address)
            );
        }

        lock (_gate)
        {
            if (endPoint.Port != 0 && _listeners.Exists(listener => listener.Asked.Equals(address)))
            {
                throw new ArgumentException($"{address} is listened on already.", nameof(address));
            }

            var socket = new ListeningSocket(endPoint);
            _listeners.Add((address, socket));
            Volatile.Write(ref _addresses, Reachable());
            return socket;
        }
    }

    private List<Multiaddr> Reachable() => [.. _listeners.SelectMany(listener => listener.Socket.Addresses())];

    private List<(Multiaddr Asked, ListeningSocket Socket)> Snapshot()
    {
        lock (_gate)
        {
            return [.. _listeners];
        }
    }

    private void Accept(ListeningSocket listener) => _ = work.Run("accepting connections", () => AcceptAsync(listener));

    private async Task AcceptAsync(ListeningSocket listener)
    {
        while (true)
        {
            try
            {
                await _pending.WaitAsync(stopping);
                var started = false;
                try
                {
                    var socket = await listener.AcceptAsync(stopping);
                    started = work.Run("accepting a connection", () => HandshakeAsync(socket));
                    if (!started)
                    {
                        socket.Close();
                    }
                }
                finally
                {
                    if (!started)
                    {
                        _pending.Release();
                    }
                }
            }
            catch (Exception e)
                when (e
                        is OperationCanceledException
                            or ObjectDisposedException
                            or SocketException { SocketErrorCode: SocketError.OperationAborted }
                )
            {
                // The host is stopping, or does not listen here any more.
                return;
            }
            catch (SocketException e)
            {
                // Most likely out of file descriptors: retry later.
                report("accepting connections", null, e);
                await Task.Delay(TimeSpan.FromMilliseconds(100), options.Time, CancellationToken.None);
            }
        }
    }

    private async Task HandshakeAsync(Socket socket)
    {
        using var timeout = new CancellationTokenSource(options.NegotiationTimeout, options.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        var done = false;
        try
        {
            var remote = Multiaddr.FromTcp((IPEndPoint)socket.RemoteEndPoint!);
            _ = await upgrade(socket, isDialer: false, expected: null, remote, linked.Token);
            done = true;
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // A remote that fails the handshake is not a fault of this host.
        }
        finally
        {
            if (!done)
            {
                socket.Dispose();
            }

            _pending.Release();
        }
    }
}
