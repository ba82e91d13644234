using DhtTracer.Libp2p.Identities;
using DhtTracer.Libp2p.Wire;
using Google.Protobuf;

namespace DhtTracer.Libp2p.Noise;

/// <summary>
/// The payload that proves a side's identity in the handshake (<see href="https://github.com/libp2p/specs/blob/master/noise/README.md"/>):
/// identity_key = 1, identity_sig = 2, extensions = 4 { stream_muxers = 2 }.
/// </summary>
internal sealed record NoisePayload(PublicKey IdentityKey, byte[] Signature, IReadOnlyList<string> StreamMuxers)
{
    private const int MaxMuxers = 32;
    private const int MaxMuxerLength = 256;

    private static ReadOnlySpan<byte> SignaturePrefix => "noise-libp2p-static-key:"u8;

    /// <summary>Makes the payload of an identity for one static key.</summary>
    public static byte[] Create(Identity identity, ReadOnlySpan<byte> staticKey, IEnumerable<string> muxers)
    {
        var extensions = new HandshakePayload.Types.Extensions();
        extensions.StreamMuxers.AddRange(muxers.Select(ByteString.CopyFromUtf8));
        return new HandshakePayload
        {
            IdentityKey = ByteString.CopyFrom(identity.PublicKey.Protobuf),
            IdentitySig = ByteString.CopyFrom(identity.Sign([.. SignaturePrefix, .. staticKey])),
            Extensions = extensions,
        }.ToByteArray();
    }

    /// <summary>Reads a payload and verifies that its identity signed <paramref name="staticKey"/>.</summary>
    /// <exception cref="WireException">The payload is malformed, or its signature is wrong.</exception>
    public static NoisePayload ParseAndVerify(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> staticKey)
    {
        var message = WireMessage.Parse(HandshakePayload.Parser, payload);
        if (!message.HasIdentityKey)
        {
            throw new WireException(WireLayer.Noise, "the handshake payload has no identity key");
        }

        var key = PublicKey.Parse(message.IdentityKey.Span);
        if (!key.Verify([.. SignaturePrefix, .. staticKey], message.IdentitySig.Span))
        {
            throw new WireException(WireLayer.Noise, "the identity's signature of the static key is wrong");
        }

        var muxers = message.Extensions?.StreamMuxers.Take(MaxMuxers).Select(muxer => WireMessage.Text(muxer, MaxMuxerLength)) ?? [];
        return new NoisePayload(key, message.IdentitySig.ToByteArray(), [.. muxers]);
    }
}
