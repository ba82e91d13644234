using System.Text;
using DhtTracer.Libp2p.Protobuf;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Identities;

/// <summary>
/// A payload signed by a peer for one purpose (<see href="https://github.com/libp2p/specs/blob/master/RFC/0002-signed-envelopes.md"/>):
/// public_key = 1, payload_type = 2, payload = 3, signature = 5.
/// </summary>
/// <param name="Signer">The key that signed.</param>
/// <param name="PayloadType">Multicodec bytes of the payload's type.</param>
/// <param name="Payload">The payload.</param>
/// <param name="Signature">The signature over domain, type and payload.</param>
public sealed record SignedEnvelope(PublicKey Signer, byte[] PayloadType, byte[] Payload, byte[] Signature)
{
    /// <summary>Signs a payload.</summary>
    public static SignedEnvelope Sign(Identity identity, string domain, byte[] payloadType, byte[] payload) =>
        new(identity.PublicKey, payloadType, payload, identity.Sign(SignedBytes(domain, payloadType, payload)));

    /// <summary>Reads an envelope and checks its signature.</summary>
    /// <exception cref="WireException">It is malformed, or the signature is not that of its key for <paramref name="domain"/>.</exception>
    public static SignedEnvelope ParseAndVerify(ReadOnlySpan<byte> bytes, string domain)
    {
        PublicKey? signer = null;
        byte[] type = [],
            payload = [],
            signature = [];
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    signer = PublicKey.Parse(reader.Bytes());
                    break;
                case 2:
                    type = reader.Bytes().ToArray();
                    break;
                case 3:
                    payload = reader.Bytes().ToArray();
                    break;
                case 5:
                    signature = reader.Bytes().ToArray();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return signer is null ? throw new WireException(WireLayer.Identity, "a signed envelope has no public key")
            : signer.Verify(SignedBytes(domain, type, payload), signature) ? new SignedEnvelope(signer, type, payload, signature)
            : throw new WireException(WireLayer.Identity, "the signature of an envelope is wrong");
    }

    /// <summary>The envelope as a protobuf message.</summary>
    public byte[] ToBytes() =>
        new ProtobufWriter().Bytes(1, Signer.Protobuf).Bytes(2, PayloadType).Bytes(3, Payload).Bytes(5, Signature).ToArray();

    /// <summary>What is signed: domain, type and payload, each behind its length as a varint.</summary>
    private static byte[] SignedBytes(string domain, ReadOnlySpan<byte> type, ReadOnlySpan<byte> payload)
    {
        using var bytes = new MemoryStream();
        Add(bytes, Encoding.UTF8.GetBytes(domain));
        Add(bytes, type);
        Add(bytes, payload);
        return bytes.ToArray();

        static void Add(MemoryStream to, ReadOnlySpan<byte> part)
        {
            Span<byte> length = stackalloc byte[Varint.MaxLength];
            to.Write(length[..Varint.Write(length, (ulong)part.Length)]);
            to.Write(part);
        }
    }
}
