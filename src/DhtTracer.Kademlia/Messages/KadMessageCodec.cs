using DhtTracer.Kademlia.Wire;
using DhtTracer.Multiformats;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace DhtTracer.Kademlia.Messages;

/// <summary>
/// Converts between <see cref="KadMessage"/> and the protobuf of
/// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#rpc-messages.
/// </summary>
public static class KadMessageCodec
{
    /// <summary>Returns the protobuf bytes, without a length prefix.</summary>
    public static byte[] Encode(KadMessage message) => ToWire(message).ToByteArray();

    /// <summary>Reads protobuf bytes.</summary>
    /// <param name="bytes">One message, without a length prefix. Hostile.</param>
    /// <param name="limits">The limits of a message.</param>
    /// <exception cref="KadMessageException">
    /// The bytes are not protobuf, have an unknown type, or exceed a limit. Invalid peer ids and invalid multiaddrs are left out instead:
    /// other implementations send them, and one bad hint does not spoil an answer.
    /// </exception>
    public static KadMessage Decode(ReadOnlySpan<byte> bytes, KadMessageLimits limits)
    {
        if (bytes.Length > limits.MaxMessageBytes)
        {
            throw new KadMessageException($"the message has {bytes.Length} bytes, at most {limits.MaxMessageBytes} are accepted");
        }

        Message wire;
        try
        {
            wire = Message.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new KadMessageException("the message is no protobuf: " + exception.Message, exception);
        }

        if (wire.Type is < (int)MessageType.PutValue or > (int)MessageType.Ping)
        {
            throw new KadMessageException($"the message type {wire.Type} is unknown, 0 to 5 are defined");
        }

        if (wire.Key.Length > limits.MaxKeyBytes || wire.Record?.Key.Length > limits.MaxKeyBytes)
        {
            throw new KadMessageException($"a key is longer than {limits.MaxKeyBytes} bytes");
        }

        return new KadMessage
        {
            Type = (MessageType)wire.Type,
            Key = wire.Key.Memory,
            Record = wire.Record is { } record ? FromWire(record) : null,
            CloserPeers = FromWire(wire.CloserPeers, "closerPeers", limits),
            ProviderPeers = FromWire(wire.ProviderPeers, "providerPeers", limits),
        };
    }

    /// <summary>Reads the protobuf of a record, as it is signed and stored elsewhere.</summary>
    internal static KadRecord DecodeRecord(ReadOnlySpan<byte> bytes) => FromWire(Record.Parser.ParseFrom(bytes));

    private static KadRecord FromWire(Record record) =>
        new(record.Key.Memory, record.Value.Memory, record.HasTimeReceived ? record.TimeReceived : null);

    private static List<KadPeer> FromWire(RepeatedField<Message.Types.Peer> peers, string field, KadMessageLimits limits)
    {
        if (peers.Count > limits.MaxPeers)
        {
            throw new KadMessageException($"{field} names {peers.Count} peers, at most {limits.MaxPeers} are accepted");
        }

        var result = new List<KadPeer>(peers.Count);
        foreach (var peer in peers)
        {
            if (!PeerId.TryParse(peer.Id.Span, out var id))
            {
                continue;
            }

            var addresses = new List<Multiaddr>();
            foreach (var bytes in peer.Addrs.Take(limits.MaxAddressesPerPeer))
            {
                if (Multiaddr.TryParse(bytes.Span, out var address) && !addresses.Contains(address))
                {
                    addresses.Add(address);
                }
            }

            var connection = peer.Connection is >= 0 and <= 3 ? (KadConnectionType)peer.Connection : KadConnectionType.NotConnected;
            result.Add(new KadPeer(id, addresses, connection));
        }

        return result;
    }

    private static Message ToWire(KadMessage message)
    {
        var wire = new Message();

        // js-libp2p omits the type if it is 0, go-libp2p writes it. Both read either form.
        if (message.Type != MessageType.PutValue)
        {
            wire.Type = (int)message.Type;
        }

        if (message.Key.Length > 0)
        {
            wire.Key = UnsafeByteOperations.UnsafeWrap(message.Key);
        }

        if (message.Record is { } record)
        {
            wire.Record = new Record
            {
                Key = UnsafeByteOperations.UnsafeWrap(record.Key),
                Value = UnsafeByteOperations.UnsafeWrap(record.Value),
            };
            if (record.TimeReceived is { } time)
            {
                wire.Record.TimeReceived = time;
            }
        }

        wire.CloserPeers.AddRange(message.CloserPeers.Select(ToWire));
        wire.ProviderPeers.AddRange(message.ProviderPeers.Select(ToWire));
        return wire;
    }

    private static Message.Types.Peer ToWire(KadPeer peer)
    {
        var wire = new Message.Types.Peer { Id = ByteString.CopyFrom(peer.Id.Bytes) };
        wire.Addrs.AddRange(peer.Addresses.Select(address => ByteString.CopyFrom(address.Bytes)));
        if (peer.Connection != KadConnectionType.NotConnected)
        {
            wire.Connection = (int)peer.Connection;
        }

        return wire;
    }
}
