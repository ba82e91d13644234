using System.Net.Sockets;
using DhtTracer.Libp2p.Dns;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>
/// A libp2p node: listens, dials, and carries protocols over TCP, Noise and Yamux. Identify and ping are built in; other protocols are
/// registered with <see cref="SetProtocolHandler"/>. Thread-safe.
/// </summary>
public sealed class Libp2pHost : IAsyncDisposable
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);

    private readonly ProtocolTable _protocols;
    private readonly Listener _listener;
    private readonly ConnectionRunner _runner;
    private readonly ConnectionTable _connections;
    private readonly Dialer _dialer;
    private readonly IdentifyService _identify;
    private readonly WorkTracker _work;
    private readonly CancellationTokenSource _stopping = new();
    private IReadOnlyList<Multiaddr>? _announced;
    private int _disposed;

    private Libp2pHost(Libp2pHostOptions options)
    {
        Options = options;
        Peers = new PeerStore(options.MaxPeers, options.Time);
        _protocols = new ProtocolTable(options, Report);
        _connections = new ConnectionTable(options.MaxConnections);
        _announced = options.AnnounceAddresses;
        _work = new WorkTracker((what, exception) => Report(what, null, exception));
        _listener = new Listener(options, UpgradeAsync, Report, _work, _stopping.Token);
        var dns = new DnsTextResolver(options.DnsServers, TimeSpan.FromSeconds(3));
        _dialer = new Dialer(this, new AddressResolver(dns.ResolveAsync));
        _identify = new IdentifyService(this);
        _runner = new ConnectionRunner(this, _connections, _protocols, _identify, _work, _stopping.Token);
        SetProtocolHandler(PingService.ProtocolId, (stream, token) => PingService.AnswerAsync(stream, options.Time, token));
    }

    /// <summary>Raised when a connection is ready. Handlers must return immediately.</summary>
    public event EventHandler<ConnectionEventArgs>? Connected;

    /// <summary>Raised when a connection has ended. Handlers must return immediately.</summary>
    public event EventHandler<ConnectionEventArgs>? Disconnected;

    /// <summary>
    /// Raised when identify, or a push of it, has received something about a connected peer. Handlers must return immediately.
    /// </summary>
    public event EventHandler<IdentifiedEventArgs>? Identified;

    /// <summary>The settings.</summary>
    public Libp2pHostOptions Options { get; }

    /// <summary>The host's peer id.</summary>
    public PeerId PeerId => Options.Identity.PeerId;

    /// <summary>What is known about peers.</summary>
    public PeerStore Peers { get; }

    /// <summary>The addresses that the host listens on, with their actual ports, without peer id.</summary>
    public IReadOnlyList<Multiaddr> ListenAddresses => _listener.Addresses;

    /// <summary>The addresses that the host announces to others.</summary>
    public IReadOnlyList<Multiaddr> AnnouncedAddresses => Volatile.Read(ref _announced) ?? ListenAddresses;

    /// <summary>The open connections.</summary>
    public IReadOnlyList<Connection> Connections => _connections.All();

    /// <summary>The supported protocols, in order.</summary>
    public IReadOnlyList<string> Protocols => _protocols.Names;

    /// <summary>Starts a host. When this returns, it listens.</summary>
    /// <exception cref="SocketException">An address is in use, or does not belong to this machine.</exception>
    /// <exception cref="ArgumentException">An address to listen on is not plain TCP.</exception>
    public static async Task<Libp2pHost> StartAsync(Libp2pHostOptions options, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var host = new Libp2pHost(options);
        try
        {
            host._listener.Bind(options.ListenAddresses);
            host._listener.Start();
            _ = host._work.Run("keeping connections alive", host.TickAsync);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Connects to a peer: returns the existing connection or opens a new one. Dials to the same peer share one attempt.
    /// </summary>
    /// <param name="peer">The peer. The remote must prove this identity.</param>
    /// <param name="addresses">Addresses to try, with or without peer id, including names; null for those in <see cref="Peers"/>.</param>
    /// <param name="options">How to dial; null for the host's settings.</param>
    /// <param name="cancellationToken">Cancels the dial.</param>
    /// <exception cref="DialException">The dial failed on every address. It holds the error of each address.</exception>
    public async Task<DialResult> DialAsync(
        PeerId peer,
        IEnumerable<Multiaddr>? addresses = null,
        DialOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        if (peer == PeerId)
        {
            throw new DialException(DialError.NoRoute, "A host does not dial itself.");
        }

        if (FindConnection(peer) is { } connection)
        {
            return new DialResult(connection, Reused: true, connection.RemoteAddress, []);
        }

        var known = addresses?.ToList() ?? [.. Peers.Find(peer)?.Addresses ?? []];
        return await _dialer.DialAsync(peer, known, options ?? new DialOptions(), cancellationToken);
    }

    /// <summary>Dials an address. If it has a peer id, the remote must prove that identity.</summary>
    /// <exception cref="DialException">The dial failed.</exception>
    public Task<DialResult> DialAsync(Multiaddr address, DialOptions? options = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        return address.PeerId is { } peer
            ? DialAsync(peer, [address], options, cancellationToken)
            : _dialer.DialAnyAsync(address, options ?? new DialOptions(), cancellationToken);
    }

    /// <summary>The open connection to a peer; null if there is none.</summary>
    public Connection? FindConnection(PeerId peer) => _connections.Find(peer);

    /// <summary>
    /// Opens a stream to a peer. Dials its known addresses if there is no connection. See <see cref="Connection.OpenStreamAsync"/>.
    /// </summary>
    /// <exception cref="DialException">The peer could not be dialed.</exception>
    public async Task<Libp2pStream> OpenStreamAsync(PeerId peer, string protocol, CancellationToken cancellationToken = default)
    {
        var dialed = await DialAsync(peer, cancellationToken: cancellationToken);
        return await dialed.Connection.OpenStreamAsync(protocol, cancellationToken);
    }

    /// <summary>
    /// Measures a round trip to a peer with <c>/ipfs/ping/1.0.0</c>. Dials its known addresses if there is no connection.
    /// </summary>
    /// <exception cref="DialException">The peer could not be dialed.</exception>
    public async Task<TimeSpan> PingAsync(PeerId peer, CancellationToken cancellationToken = default)
    {
        var dialed = await DialAsync(peer, cancellationToken: cancellationToken);
        return await dialed.Connection.PingAsync(cancellationToken);
    }

    /// <summary>
    /// Starts to support a protocol, and notifies connected peers. The stream is closed when the handler returns, and reset if it throws.
    /// The token is cancelled when the host stops.
    /// </summary>
    public void SetProtocolHandler(string protocol, Func<Libp2pStream, CancellationToken, Task> handler)
    {
        _protocols.Set(protocol, handler);
        SelfChanged();
    }

    /// <summary>Stops supporting a protocol, and notifies connected peers.</summary>
    public bool RemoveProtocolHandler(string protocol)
    {
        var removed = _protocols.Remove(protocol);
        SelfChanged();
        return removed;
    }

    /// <summary>Listens on one more address, and notifies connected peers.</summary>
    /// <returns>The addresses where the host can be reached there, with the actual port.</returns>
    /// <exception cref="SocketException">The address is in use, or does not belong to this machine.</exception>
    /// <exception cref="ArgumentException">The address is not plain TCP, or the host already listens on it.</exception>
    public IReadOnlyList<Multiaddr> Listen(Multiaddr address)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        var added = _listener.Add(address);
        SelfChanged();
        return added;
    }

    /// <summary>
    /// Stops listening on an address, written as in the options or in <see cref="Listen"/>. Connections stay open. Connected peers are
    /// notified.
    /// </summary>
    /// <returns>False if the host did not listen on it.</returns>
    public bool StopListening(Multiaddr address)
    {
        var removed = _listener.Remove(address);
        SelfChanged();
        return removed;
    }

    /// <summary>
    /// Announces these addresses to others; null for the addresses that the host listens on. Connected peers are notified.
    /// </summary>
    public void Announce(IReadOnlyList<Multiaddr>? addresses)
    {
        Volatile.Write(ref _announced, addresses);
        SelfChanged();
    }

    /// <summary>Closes listeners and connections, and waits at most 5 s for protocol handlers to end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        _dialer.Stop();
        _listener.Stop();
        await Task.WhenAll(_connections.Close().Select(connection => connection.CloseAsync()));
        try
        {
            await _work.CloseAsync().WaitAsync(ShutdownTimeout, Options.Time);
        }
        catch (TimeoutException e)
        {
            Report("shutting down: a protocol handler ignores its cancellation", null, e);
            return;
        }

        // Dispose these only after everything that uses them has ended.
        _dialer.Dispose();
        _listener.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Upgrades a socket to a connection. If this fails, the caller must close the socket.</summary>
    internal Task<Connection> UpgradeAsync(
        Socket socket,
        bool isDialer,
        PeerId? expected,
        Multiaddr address,
        CancellationToken cancellationToken
    ) => _runner.UpgradeAsync(socket, isDialer, expected, address, cancellationToken);

    /// <summary>Allows dialing a peer that has connected to this host.</summary>
    internal void ClearBackoff(PeerId peer) => _dialer.ClearBackoff(peer);

    internal void RaiseConnected(Connection connection) =>
        Raise("a Connected handler", connection, () => Connected?.Invoke(this, new ConnectionEventArgs(connection)));

    internal void RaiseDisconnected(Connection connection) =>
        Raise("a Disconnected handler", connection, () => Disconnected?.Invoke(this, new ConnectionEventArgs(connection)));

    internal void RaiseIdentified(Connection connection, PeerInfo info) =>
        Raise("an Identified handler", connection, () => Identified?.Invoke(this, new IdentifiedEventArgs(connection, info)));

    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(TickInterval, Options.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                _dialer.Tick();
                _runner.Tick();
            }
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
    }

    private void SelfChanged()
    {
        // Null while the host registers its own protocols.
        if (_identify?.Invalidate(_connections.Count > 0) == true)
        {
            _ = _work.Run("identify push", () => _identify.PushToAllAsync(_connections.All, _stopping.Token));
        }
    }

    private void Raise(string what, Connection connection, Action raise)
    {
        try
        {
            raise();
        }
#pragma warning disable CA1031 // A subscriber's failure must not end the connection; the owner is told.
        catch (Exception e)
        {
            Report(what, connection.RemotePeer, e);
        }
#pragma warning restore CA1031
    }

    private void Report(string where, PeerId? peer, Exception exception) => Options.OnFault?.Invoke(new HostFault(where, peer, exception));
}
