using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Records;
using DhtTracer.Kademlia.Routing;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Server;

/// <summary>A request is refused, and its stream must be reset. The text gives the reason.</summary>
public sealed class KadRefusedException(string message) : Exception(message);

/// <summary>Answers requests of other peers from a node's routing table and stores.</summary>
public sealed class KadServer
{
    private readonly RoutingTable _routingTable;
    private readonly ProviderStore _providers;
    private readonly ValueStore _values;
    private readonly Func<IReadOnlyList<Multiaddr>> _localAddresses;
    private readonly PeerId _local;
    private readonly bool _anyProviderKey;

    /// <summary>Creates the server side of a node.</summary>
    /// <param name="local">The node.</param>
    /// <param name="localAddresses">Returns its current addresses.</param>
    /// <param name="routingTable">The peers that it knows.</param>
    /// <param name="providers">Its provider records.</param>
    /// <param name="values">Its value records.</param>
    /// <param name="anyProviderKey">Whether to serve provider keys that are not multihashes.</param>
    public KadServer(
        PeerId local,
        Func<IReadOnlyList<Multiaddr>> localAddresses,
        RoutingTable routingTable,
        ProviderStore providers,
        ValueStore values,
        bool anyProviderKey = false
    )
    {
        _anyProviderKey = anyProviderKey;
        _local = local;
        _localAddresses = localAddresses;
        _routingTable = routingTable;
        _providers = providers;
        _values = values;
    }

    /// <summary>Answers a request; null if it has no answer (ADD_PROVIDER).</summary>
    /// <param name="request">The request. Hostile.</param>
    /// <param name="sender">The sender, authenticated by the handshake.</param>
    /// <exception cref="KadRefusedException">The request is refused.</exception>
    public KadMessage? Answer(KadMessage request, PeerId sender)
    {
        if (request.Key.IsEmpty && request.Type != MessageType.Ping)
        {
            throw new KadRefusedException($"{Words.Of(request.Type)} has no key");
        }

        return request.Type switch
        {
            MessageType.FindNode => new KadMessage { Type = request.Type, CloserPeers = FindNode(request.Key.Span, sender) },
            MessageType.GetProviders => GetProviders(request, sender),
            MessageType.AddProvider => AddProvider(request, sender),
            MessageType.GetValue => GetValue(request, sender),
            MessageType.PutValue => PutValue(request),
            MessageType.Ping => new KadMessage { Type = request.Type },
            _ => throw new KadRefusedException($"the message type {request.Type} is unknown"),
        };
    }

    private List<KadPeer> FindNode(ReadOnlySpan<byte> key, PeerId sender)
    {
        var closest = CloserPeers(key, sender);
        if (PeerId.TryParse(key, out var wanted) && wanted == _local && _localAddresses() is { Count: > 0 } addresses)
        {
            closest.Insert(0, new KadPeer(_local, addresses, KadConnectionType.Connected));
        }

        return closest;
    }

    private KadMessage GetProviders(KadMessage request, PeerId sender)
    {
        CheckMultihash(request);
        return new KadMessage
        {
            Type = request.Type,
            Key = request.Key,
            CloserPeers = CloserPeers(request.Key.Span, sender),
            ProviderPeers = [.. _providers.Get(request.Key.Span).Take(KadMessageLimits.Default.MaxPeers)],
        };
    }

    private KadMessage? AddProvider(KadMessage request, PeerId sender)
    {
        CheckMultihash(request);

        // Senders can announce only themselves, with an address. Everything else is ignored, as specified.
        var provider = request.ProviderPeers.FirstOrDefault(peer => peer.Id == sender && peer.Addresses.Count > 0);
        if (provider is not null)
        {
            _providers.Add(request.Key.Span, provider with { Connection = KadConnectionType.NotConnected });
        }

        return null;
    }

    private KadMessage GetValue(KadMessage request, PeerId sender) =>
        new()
        {
            Type = request.Type,
            Key = request.Key,
            Record = _values.Get(request.Key.Span),
            CloserPeers = CloserPeers(request.Key.Span, sender),
        };

    private KadMessage PutValue(KadMessage request)
    {
        if (request.Record is not { } record || !record.Key.Span.SequenceEqual(request.Key.Span))
        {
            throw new KadRefusedException("PUT_VALUE has no record of its key");
        }

        return _values.Put(record.Key.Span, record.Value.Span) is { } wrong
            ? throw new KadRefusedException("PUT_VALUE: " + wrong)
            : request;
    }

    private void CheckMultihash(KadMessage request)
    {
        if (!_anyProviderKey && !Multihash.TryParse(request.Key.Span, out _))
        {
            throw new KadRefusedException($"the key of {Words.Of(request.Type)} is no multihash");
        }
    }

    // The sender is left out: it knows itself.
    private List<KadPeer> CloserPeers(ReadOnlySpan<byte> key, PeerId sender) =>
        [
            .. _routingTable
                .Closest(KadId.Of(key), _routingTable.BucketSize + 1)
                .Where(peer => peer.Id != sender)
                .Take(_routingTable.BucketSize),
        ];
}
