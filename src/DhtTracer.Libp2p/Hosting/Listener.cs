using System.Net;
using System.Net.Sockets;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>Makes a socket a connection: <see cref="Libp2pHost"/> does.</summary>
internal delegate Task<Connection> UpgradeSocket(
    Socket socket,
    bool isDialer,
    PeerId? expected,
    Multiaddr address,
    CancellationToken cancellationToken
);

/// <summary>Accepts the connections of a host. Only so many handshakes are under way at a time; further connections wait in the system's
/// queue.</summary>
/// <param name="options">Settings of the host.</param>
/// <param name="upgrade">Makes a socket a connection.</param>
/// <param name="report">Told of errors that reach no caller.</param>
/// <param name="work">Runs what goes on beside.</param>
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

    /// <summary>The addresses under which the host can be reached.</summary>
    public IReadOnlyList<Multiaddr> Addresses => Volatile.Read(ref _addresses);

    /// <summary>Binds addresses; nobody is accepted before <see cref="Start"/>.</summary>
    /// <exception cref="SocketException">An address is in use, or not of this machine.</exception>
    /// <exception cref="ArgumentException">An address is not plain TCP, or there twice.</exception>
    public void Bind(IReadOnlyList<Multiaddr> addresses)
    {
        foreach (var address in addresses)
        {
            _ = BindOne(address);
        }
    }

    /// <summary>Accepts connections on what was bound.</summary>
    public void Start()
    {
        foreach (var (_, socket) in Snapshot())
        {
            Accept(socket);
        }
    }

    /// <summary>Binds one more address and accepts there.</summary>
    /// <returns>The addresses under which it can be reached.</returns>
    /// <exception cref="SocketException">The address is in use, or not of this machine.</exception>
    /// <exception cref="ArgumentException">It is not plain TCP, or listened on already.</exception>
    public IReadOnlyList<Multiaddr> Add(Multiaddr address)
    {
        var socket = BindOne(address);
        Accept(socket);
        return [.. socket.Addresses()];
    }

    /// <summary>Accepts no more on an address; false when it was not listened on.</summary>
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
                // The host stops, or listens here no more.
                return;
            }
            catch (SocketException e)
            {
                // Out of file descriptors, most likely: later is better than never.
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
            // A stranger who does not get through the handshake is no fault of this host.
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
