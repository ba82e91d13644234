using System.Net;
using System.Net.Sockets;
using DhtTracer.Libp2p.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>Makes a socket a connection: <see cref="Libp2pHost"/> does.</summary>
internal delegate Task<Connection> UpgradeSocket(Socket socket, bool isDialer, PeerId? expected, Multiaddr address, CancellationToken cancellationToken);

/// <summary>Accepts the connections of a host. Only so many handshakes are under way at a time; further connections wait in the system's queue.</summary>
internal sealed class Listener(Libp2pHostOptions options, UpgradeSocket upgrade, Action<string, PeerId?, Exception> report) : IDisposable
{
    private readonly List<TcpListener> _listeners = [];
    private readonly SemaphoreSlim _pending = new(options.MaxPendingInbound);

    /// <summary>Binds all addresses and returns those under which they can be reached.</summary>
    /// <exception cref="SocketException">An address is in use, or not of this machine.</exception>
    /// <exception cref="ArgumentException">An address is not plain TCP.</exception>
    public IReadOnlyList<Multiaddr> Bind(IReadOnlyList<Multiaddr> addresses)
    {
        foreach (var address in addresses)
        {
            _listeners.Add(address.TryGetTcpEndPoint(out var endPoint)
                ? new TcpListener(endPoint)
                : throw new ArgumentException($"{address} is not plain TCP, as in /ip4/0.0.0.0/tcp/4001: nothing else can be listened on.", nameof(addresses)));
        }

        return [.. _listeners.SelectMany(listener => listener.Addresses())];
    }

    /// <summary>Accepts until <paramref name="stopping"/> is cancelled.</summary>
    public void Start(WorkTracker work, CancellationToken stopping)
    {
        foreach (var listener in _listeners)
        {
            _ = work.Run("accepting connections", () => AcceptAsync(listener, work, stopping));
        }
    }

    public void Stop() => _listeners.ForEach(listener => listener.Dispose());

    public void Dispose()
    {
        Stop();
        _pending.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener, WorkTracker work, CancellationToken stopping)
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
                    started = work.Run("accepting a connection", () => HandshakeAsync(socket, stopping));
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
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
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

    private async Task HandshakeAsync(Socket socket, CancellationToken stopping)
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
