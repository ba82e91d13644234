using DhtTracer.Libp2p.Wire;
using DhtTracer.Multiformats;
using Google.Protobuf;

namespace DhtTracer.Libp2p.Identities;

/// <summary>
/// The addresses of a peer, signed by the peer itself
/// (<see href="https://github.com/libp2p/specs/blob/master/RFC/0003-routing-records.md"/>): peer_id = 1, seq = 2,
/// addresses = 3 { multiaddr = 1 }.
/// </summary>
/// <param name="Peer">The peer.</param>
/// <param name="Sequence">Higher in newer records; commonly milliseconds since 1970.</param>
/// <param name="Addresses">Its addresses. Unreadable ones are left out.</param>
public sealed record PeerRecord(PeerId Peer, ulong Sequence, IReadOnlyList<Multiaddr> Addresses)
{
    /// <summary>The domain of the signature.</summary>
    public const string Domain = "libp2p-peer-record";

    private const int MaxAddresses = 128;

    /// <summary>Multicodec libp2p-peer-record, 0x0301, as written in envelopes: big-endian, not a varint.</summary>
    public static byte[] PayloadType => [0x03, 0x01];

    /// <summary>Reads the record in a signed envelope.</summary>
    /// <exception cref="WireException">The record is malformed, its signature is wrong, or another peer signed it.</exception>
    public static PeerRecord Open(ReadOnlySpan<byte> envelope)
    {
        var opened = SignedEnvelope.ParseAndVerify(envelope, Domain);
        var record = WireMessage.Parse(RoutingRecord.Parser, opened.Payload);
        _ = PeerId.TryParse(record.PeerId.Span, out var peer);
        var addresses = new List<Multiaddr>();
        foreach (var info in record.Addresses.Take(MaxAddresses))
        {
            if (Multiaddr.TryParse(info.Multiaddr.Span, out var address))
            {
                addresses.Add(address);
            }
        }

        return peer == opened.Signer.PeerId && !peer.IsEmpty
            ? new PeerRecord(peer, record.Seq, addresses)
            : throw new WireException(WireLayer.Identity, "a peer record is signed by another peer than it is about");
    }

    /// <summary>The record as a protobuf message, unsigned.</summary>
    public byte[] ToBytes()
    {
        var record = new RoutingRecord { PeerId = ByteString.CopyFrom(Peer.Bytes), Seq = Sequence };
        record.Addresses.AddRange(
            Addresses.Select(address => new RoutingRecord.Types.AddressInfo { Multiaddr = ByteString.CopyFrom(address.Bytes) })
        );
        return record.ToByteArray();
    }
}
