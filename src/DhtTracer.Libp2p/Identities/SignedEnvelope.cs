using System.Text;
using DhtTracer.Libp2p.Wire;
using DhtTracer.Multiformats;
using Google.Protobuf;

namespace DhtTracer.Libp2p.Identities;

/// <summary>
/// A payload signed by a peer for one domain (<see href="https://github.com/libp2p/specs/blob/master/RFC/0002-signed-envelopes.md"/>):
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

    /// <summary>Reads an envelope and verifies its signature.</summary>
    /// <exception cref="WireException">The envelope is malformed, or its signature for <paramref name="domain"/> is wrong.</exception>
    public static SignedEnvelope ParseAndVerify(ReadOnlySpan<byte> bytes, string domain)
    {
        var envelope = WireMessage.Parse(Envelope.Parser, bytes);
        if (!envelope.HasPublicKey)
        {
            throw new WireException(WireLayer.Identity, "a signed envelope has no public key");
        }

        var signer = PublicKey.Parse(envelope.PublicKey.Span);
        var signed = SignedBytes(domain, envelope.PayloadType.Span, envelope.Payload.Span);
        return signer.Verify(signed, envelope.Signature.Span)
            ? new SignedEnvelope(
                signer,
                envelope.PayloadType.ToByteArray(),
                envelope.Payload.ToByteArray(),
                envelope.Signature.ToByteArray()
            )
            : throw new WireException(WireLayer.Identity, "the signature of an envelope is wrong");
    }

    /// <summary>The envelope as a protobuf message.</summary>
    public byte[] ToBytes() =>
        new Envelope
        {
            PublicKey = ByteString.CopyFrom(Signer.Protobuf),
            PayloadType = ByteString.CopyFrom(PayloadType),
            Payload = ByteString.CopyFrom(Payload),
            Signature = ByteString.CopyFrom(Signature),
        }.ToByteArray();

    /// <summary>The signed bytes: domain, type and payload, each with a varint length prefix.</summary>
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
