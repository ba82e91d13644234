using DhtTracer.Libp2p.Identities;
using DhtTracer.Libp2p.Streams;
using DhtTracer.Libp2p.Yamux;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>An authenticated connection to a peer. Streams are opened on it.</summary>
public sealed class Connection
{
    private readonly YamuxSession _session;
    private readonly Libp2pHost _host;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource<PeerInfo?> _identified = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastUsed;

    internal Connection(
        Libp2pHost host,
        YamuxSession session,
        PublicKey remoteKey,
        Multiaddr remoteAddress,
        bool isOutbound,
        TimeProvider time
    )
    {
        _host = host;
        _session = session;
        _time = time;
        RemoteKey = remoteKey;
        RemotePeer = remoteKey.PeerId;
        RemoteAddress = remoteAddress;
        IsOutbound = isOutbound;
        OpenedAt = time.GetUtcNow();
        _lastUsed = time.GetTimestamp();
    }

    /// <summary>The remote peer, proven by its key.</summary>
    public PeerId RemotePeer { get; }

    /// <summary>The remote's public key.</summary>
    public PublicKey RemoteKey { get; }

    /// <summary>The address that was dialed, or that the remote dialed from; without a peer id.</summary>
    public Multiaddr RemoteAddress { get; }

    /// <summary>Whether this side dialed.</summary>
    public bool IsOutbound { get; }

    /// <summary>When the connection was ready for use.</summary>
    public DateTimeOffset OpenedAt { get; }

    /// <summary>Round-trip time of the last keep-alive; null before the first answer.</summary>
    public TimeSpan? Latency => _session.RoundTripTime;

    /// <summary>Whether streams can be opened.</summary>
    public bool IsOpen => _session.IsOpen;

    /// <summary>Number of open streams, in both directions.</summary>
    public int StreamCount => _session.StreamCount;

    /// <summary>Completes with the reason when the connection has ended. Never fails.</summary>
    public Task<Exception> Closed => _session.Closed;

    /// <summary>Completes when identify has finished, with its result, or null if it failed. Never fails.</summary>
    public Task<PeerInfo?> Identified => _identified.Task;

    internal long LastUsed => Volatile.Read(ref _lastUsed);

    internal YamuxSession Session => _session;

    /// <summary>
    /// Opens a stream for a protocol. If identify says that the remote supports it, the stream is returned at once and the remote's answer
    /// is checked at the first read, which saves a round trip. Otherwise this waits for the answer.
    /// </summary>
    /// <exception cref="ProtocolNotSupportedException">The remote does not speak the protocol.</exception>
    /// <exception cref="ConnectionClosedException">The connection has ended.</exception>
    /// <exception cref="StreamResetException">The remote refused the stream, or too many streams are open.</exception>
    /// <exception cref="WireException">The remote's answer is not multistream-select.</exception>
    /// <exception cref="TimeoutException">The remote did not answer within the host's negotiation timeout.</exception>
    public async Task<Libp2pStream> OpenStreamAsync(string protocol, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Touch();
        var yamux = _session.OpenStream(MultistreamSelect.Encode(MultistreamSelect.Header, protocol));
        var stream = new Libp2pStream(this, yamux, _time, protocol, answered: false);
        if (_identified.Task.IsCompletedSuccessfully && await _identified.Task is { } info && info.Protocols.Contains(protocol))
        {
            return stream;
        }

        using var timeout = new CancellationTokenSource(_host.Options.NegotiationTimeout, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await stream.CompleteNegotiationAsync(linked.Token);
            return stream;
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            stream.Reset("The remote did not answer the protocol negotiation.");
            throw new TimeoutException(
                $"The remote did not answer the negotiation of {protocol} within {_host.Options.NegotiationTimeout.TotalSeconds:0} s.",
                e
            );
        }
        catch
        {
            stream.Reset("The protocol negotiation failed.");
            throw;
        }
    }

    /// <summary>
    /// Measures a round trip with <c>/ipfs/ping/1.0.0</c>, on its own stream. Throws the same exceptions as <see cref="OpenStreamAsync"/>.
    /// </summary>
    /// <exception cref="WireException">The answer differs from what was sent.</exception>
    public Task<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => PingService.PingAsync(this, _time, cancellationToken);

    /// <summary>Sends a go-away and closes the connection. Open streams are reset.</summary>
    public Task CloseAsync() => _session.CloseAsync();

    /// <inheritdoc/>
    public override string ToString() => $"{RemotePeer} {(IsOutbound ? "at" : "from")} {RemoteAddress}";

    internal Task FlushAsync(CancellationToken cancellationToken) => _session.Writer.FlushAsync(cancellationToken);

    internal void SetIdentified(PeerInfo? info) => _identified.TrySetResult(info);

    internal void Touch() => Volatile.Write(ref _lastUsed, _time.GetTimestamp());
}
