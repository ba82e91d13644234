using System.Text;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Libp2p.Protobuf;

namespace DhtTracer.Libp2p.Noise;

/// <summary>
/// What each side proves inside the handshake (<see href="https://github.com/libp2p/specs/blob/master/noise/README.md"/>):
/// identity_key = 1, identity_sig = 2, extensions = 4 { stream_muxers = 2 }.
/// </summary>
internal sealed record NoisePayload(PublicKey IdentityKey, byte[] Signature, IReadOnlyList<string> StreamMuxers)
{
    private const int MaxMuxers = 32;
    private const int MaxMuxerLength = 256;

    private static ReadOnlySpan<byte> SignaturePrefix => "noise-libp2p-static-key:"u8;

    /// <summary>The payload of an identity for one static key.</summary>
    public static byte[] Create(Identity identity, ReadOnlySpan<byte> staticKey, IEnumerable<string> muxers)
    {
        var extensions = new ProtobufWriter();
        foreach (var muxer in muxers)
        {
            extensions.String(2, muxer);
        }

        return new ProtobufWriter()
            .Bytes(1, identity.PublicKey.Protobuf)
            .Bytes(2, identity.Sign([.. SignaturePrefix, .. staticKey]))
            .Bytes(4, extensions.Written)
            .ToArray();
    }

    /// <summary>Reads a payload and checks that its identity owns <paramref name="staticKey"/>.</summary>
    /// <exception cref="WireException">Malformed, or the signature is wrong.</exception>
    public static NoisePayload ParseAndVerify(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> staticKey)
    {
        PublicKey? key = null;
        byte[] signature = [];
        var muxers = new List<string>();
        var reader = new ProtobufReader(payload);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    key = PublicKey.Parse(reader.Bytes());
                    break;
                case 2:
                    signature = reader.Bytes().ToArray();
                    break;
                case 4:
                    ReadExtensions(reader.Bytes(), muxers);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (key is null)
        {
            throw new WireException(WireLayer.Noise, "the handshake payload has no identity key");
        }

        return key.Verify([.. SignaturePrefix, .. staticKey], signature)
            ? new NoisePayload(key, signature, muxers)
            : throw new WireException(WireLayer.Noise, "the identity's signature of the static key is wrong");
    }

    private static void ReadExtensions(ReadOnlySpan<byte> bytes, List<string> muxers)
    {
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            if (reader.Field == 2 && muxers.Count < MaxMuxers)
            {
                muxers.Add(reader.String(MaxMuxerLength));
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
