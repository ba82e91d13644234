using DhtTracer.Libp2p.Identify;
using DhtTracer.Libp2p.Identities;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>The protocols <c>/ipfs/id/1.0.0</c> and <c>/ipfs/id/push/1.0.0</c> of a host.</summary>
internal sealed class IdentifyService
{
    public const string ProtocolId = "/ipfs/id/1.0.0";
    public const string PushProtocolId = "/ipfs/id/push/1.0.0";

    private const string ProtocolVersion = "ipfs/0.1.0";

    private static readonly TimeSpan PushDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>Maximum number of parts in one message.</summary>
    private const int MaxParts = 10;

    private readonly Libp2pHost _host;
    private readonly Lock _gate = new();
    private IdentifyMessage? _own;
    private bool _pushScheduled;

    public IdentifyService(Libp2pHost host)
    {
        _host = host;
        host.SetProtocolHandler(ProtocolId, AnswerAsync);
        host.SetProtocolHandler(PushProtocolId, ReceivePushAsync);
    }

    /// <summary>Discards the prepared message, because addresses or protocols have changed.</summary>
    /// <param name="hasConnections">Whether there are peers to notify.</param>
    /// <returns>Whether the caller must start <see cref="PushToAllAsync"/>; false if one is about to run.</returns>
    public bool Invalidate(bool hasConnections)
    {
        lock (_gate)
        {
            _own = null;
            var start = hasConnections && !_pushScheduled;
            _pushScheduled |= start;
            return start;
        }
    }

    /// <summary>
    /// Asks a peer about itself and stores the answer. Returns null if the peer does not answer properly; the connection stays open.
    /// </summary>
    public async Task<PeerInfo?> RunAsync(Connection connection, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_host.Options.IdentifyTimeout, _host.Options.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        Libp2pStream? stream = null;
        try
        {
            stream = await connection.OpenStreamAsync(ProtocolId, linked.Token);
            stream.CloseWrite();
            var message = await ReadAsync(stream, linked.Token);
            await stream.DisposeAsync();
            return Remember(connection, message);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or TimeoutException)
        {
            stream?.Reset("Identify failed.");
            return null;
        }
    }

    /// <summary>
    /// Notifies connected peers that accept pushes of the host's current state. Waits a moment, so that several changes cause one push.
    /// </summary>
    public async Task PushToAllAsync(Func<IEnumerable<Connection>> connections, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(PushDelay, _host.Options.Time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        lock (_gate)
        {
            _pushScheduled = false;
        }

        await Parallel.ForEachAsync(
            connections().Where(connection => _host.Peers.Find(connection.RemotePeer)?.Protocols.Contains(PushProtocolId) == true),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (connection, _) => await PushAsync(connection, cancellationToken)
        );
    }

    /// <summary>Notifies one peer. If this fails, the peer asks on its next connection.</summary>
    private async Task PushAsync(Connection connection, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_host.Options.IdentifyTimeout, _host.Options.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        Libp2pStream? stream = null;
        try
        {
            stream = await connection.OpenStreamAsync(PushProtocolId, linked.Token);
            await stream.WriteMessageAsync(MessageFor(connection), linked.Token);
            await stream.DisposeAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or TimeoutException)
        {
            stream?.Reset("Identify push failed.");
        }
    }

    private static async Task<IdentifyMessage> ReadAsync(Libp2pStream stream, CancellationToken cancellationToken)
    {
        IdentifyMessage? message = null;
        for (var i = 0; i < MaxParts; i++)
        {
            var part = await stream.ReadMessageAsync(IdentifyMessage.MaxLength, cancellationToken);
            if (part is null)
            {
                break;
            }

            var parsed = IdentifyMessage.Parse(part);
            message = message?.Merge(parsed) ?? parsed;
        }

        return message ?? throw new WireException(WireLayer.Identify, "the remote sent nothing");
    }

    private async Task AnswerAsync(Libp2pStream stream, CancellationToken cancellationToken) =>
        await stream.WriteMessageAsync(MessageFor(stream.Connection), cancellationToken);

    private async Task ReceivePushAsync(Libp2pStream stream, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_host.Options.IdentifyTimeout, _host.Options.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var message = await ReadAsync(stream, linked.Token);
        _host.RaiseIdentified(stream.Connection, Remember(stream.Connection, message));
    }

    /// <summary>
    /// The connection has authenticated the peer, so its unsigned addresses are as trustworthy as its signed record. The signature is for
    /// passing a record on to others. This host does not do that, so it does not check the signature.
    /// </summary>
    private PeerInfo Remember(Connection connection, IdentifyMessage message)
    {
        if (message.PublicKey is { } key && !connection.RemoteKey.Protobuf.SequenceEqual(key))
        {
            throw new WireException(WireLayer.Identify, "the remote names another public key than the one it proved");
        }

        var addresses = PeerStore.Plain(connection.RemotePeer, message.ListenAddresses);
        return _host.Peers.SetIdentified(
            connection.RemotePeer,
            known =>
                known with
                {
                    Addresses = addresses.Count > 0 ? addresses : known.Addresses,
                    Protocols = message.Protocols.Count > 0 ? SharedText.List(message.Protocols) : known.Protocols,
                    AgentVersion = SharedText.Of(message.AgentVersion ?? known.AgentVersion),
                    ProtocolVersion = SharedText.Of(message.ProtocolVersion ?? known.ProtocolVersion),
                    ObservedAddress = message.ObservedAddress ?? known.ObservedAddress,
                }
        );
    }

    private byte[] MessageFor(Connection connection)
    {
        IdentifyMessage own;
        lock (_gate)
        {
            own = _own ??= MakeOwn();
        }

        return (own with { ObservedAddress = connection.RemoteAddress }).ToBytes();
    }

    private IdentifyMessage MakeOwn()
    {
        var options = _host.Options;
        var addresses = _host.AnnouncedAddresses;
        var record = new PeerRecord(_host.PeerId, (ulong)options.Time.GetUtcNow().ToUnixTimeMilliseconds(), addresses);
        return new IdentifyMessage
        {
            PublicKey = options.Identity.PublicKey.Protobuf.ToArray(),
            ListenAddresses = addresses,
            Protocols = [.. _host.Protocols],
            ProtocolVersion = ProtocolVersion,
            AgentVersion = options.AgentVersion,
            SignedPeerRecord = SignedEnvelope.Sign(options.Identity, PeerRecord.Domain, PeerRecord.PayloadType, record.ToBytes()).ToBytes(),
        };
    }
}
