using DhtTracer.Libp2p.Protobuf;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Identities;

/// <summary>
/// The addresses of a peer, to be signed by itself (<see href="https://github.com/libp2p/specs/blob/master/RFC/0003-routing-records.md"/>):
/// peer_id = 1, seq = 2, addresses = 3 { multiaddr = 1 }.
/// </summary>
/// <param name="Peer">The peer.</param>
/// <param name="Sequence">The newer record has the higher number; commonly milliseconds since 1970.</param>
/// <param name="Addresses">Its addresses; those that cannot be read are left out.</param>
public sealed record PeerRecord(PeerId Peer, ulong Sequence, IReadOnlyList<Multiaddr> Addresses)
{
    /// <summary>What the signature is bound to.</summary>
    public const string Domain = "libp2p-peer-record";

    private const int MaxAddresses = 128;

    /// <summary>Multicodec libp2p-peer-record, 0x0301, as it stands in envelopes: big-endian, not a varint.</summary>
    public static byte[] PayloadType => [0x03, 0x01];

    /// <summary>Reads the record in a signed envelope.</summary>
    /// <exception cref="WireException">Malformed, wrongly signed, or signed by another peer than the record is about.</exception>
    public static PeerRecord Open(ReadOnlySpan<byte> envelope)
    {
        var opened = SignedEnvelope.ParseAndVerify(envelope, Domain);
        var peer = default(PeerId);
        ulong sequence = 0;
        var addresses = new List<Multiaddr>();
        var reader = new ProtobufReader(opened.Payload);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    _ = PeerId.TryParse(reader.Bytes(), out peer);
                    break;
                case 2:
                    sequence = reader.Varint();
                    break;
                case 3 when addresses.Count < MaxAddresses:
                    var info = new ProtobufReader(reader.Bytes());
                    while (info.Next())
                    {
                        if (info.Field == 1 && Multiaddr.TryParse(info.Bytes(), out var address))
                        {
                            addresses.Add(address);
                        }
                        else if (info.Field != 1)
                        {
                            info.Skip();
                        }
                    }

                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return peer == opened.Signer.PeerId && !peer.IsEmpty
            ? new PeerRecord(peer, sequence, addresses)
            : throw new WireException(WireLayer.Identity, "a peer record is signed by another peer than it is about");
    }

    /// <summary>The record as a protobuf message, unsigned.</summary>
    public byte[] ToBytes()
    {
        var writer = new ProtobufWriter().Bytes(1, Peer.Bytes).Varint(2, Sequence);
        foreach (var address in Addresses)
        {
            writer.Bytes(3, new ProtobufWriter().Bytes(1, address.Bytes).Written);
        }

        return writer.ToArray();
    }
}
