using System.Security.Cryptography;
using DhtTracer.Libp2p.Wire;
using DhtTracer.Multiformats;
using Google.Protobuf;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace DhtTracer.Libp2p.Identities;

/// <summary>The types of peer keys.</summary>
public enum KeyType
{
    /// <summary>RSA, 2048 to 8192 bits; PKCS #1 v1.5 with SHA-256.</summary>
    Rsa = 0,

    Ed25519 = 1,

    /// <summary>ECDSA on secp256k1 with SHA-256.</summary>
    Secp256k1 = 2,

    /// <summary>ECDSA on P-256, P-384 or P-521 with SHA-256.</summary>
    Ecdsa = 3,
}

/// <summary>
/// A peer's public key (<see href="https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md"/>). The protobuf bytes are kept
/// unchanged, because the peer id is derived from them.
/// </summary>
public sealed class PublicKey
{
    /// <summary>Maximum size of the protobuf, in bytes. An RSA key of 8192 bits takes about 1,070.</summary>
    public const int MaxLength = 2048;

    private readonly byte[] _protobuf;
    private readonly byte[] _data;

    private PublicKey(KeyType type, byte[] data, byte[] protobuf)
    {
        Type = type;
        _data = data;
        _protobuf = protobuf;
        PeerId = PeerId.FromPublicKeyProtobuf(protobuf);
    }

    /// <summary>The kind of key.</summary>
    public KeyType Type { get; }

    /// <summary>The peer id of the key.</summary>
    public PeerId PeerId { get; }

    /// <summary>The <c>PublicKey</c> message.</summary>
    public ReadOnlySpan<byte> Protobuf => _protobuf;

    /// <summary>Reads a <c>PublicKey</c> message and checks that its key is usable.</summary>
    /// <exception cref="WireException">The message is malformed, of an unknown type, or its key is unusable (small order, off the
    /// curve).</exception>
    public static PublicKey Parse(ReadOnlySpan<byte> protobuf)
    {
        if (protobuf.Length > MaxLength)
        {
            throw Refuse($"a public key is longer than {MaxLength} bytes");
        }

        var message = WireMessage.Parse(PublicKeyMessage.Parser, protobuf);
        if (!message.HasType || !message.HasData)
        {
            throw Refuse("a public key lacks its type or data");
        }

        if (message.Type > (ulong)KeyType.Ecdsa)
        {
            throw Refuse($"the key type {message.Type} is unknown");
        }

        var key = new PublicKey((KeyType)message.Type, message.Data.ToByteArray(), protobuf.ToArray());
        key.CheckUsable();
        return key;
    }

    /// <summary>Returns the key that a peer id contains, as Ed25519 peer ids do; null if it contains only a hash.</summary>
    /// <exception cref="WireException">The peer id contains no usable key.</exception>
    public static PublicKey? FromPeerId(PeerId peer) => peer.InlinePublicKeyProtobuf.IsEmpty ? null : Parse(peer.InlinePublicKeyProtobuf);

    /// <summary>
    /// Whether <paramref name="signature"/> over <paramref name="message"/> was made with this key. False for malformed signatures.
    /// </summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        switch (Type)
        {
            case KeyType.Ed25519:
                return Ed25519.Verify(_data, message, signature);
            case KeyType.Rsa:
                using (var rsa = RSA.Create())
                {
                    rsa.ImportSubjectPublicKeyInfo(_data, out _);
                    return rsa.VerifyData(message, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
                }

            case KeyType.Ecdsa:
                using (var ecdsa = ECDsa.Create())
                {
                    ecdsa.ImportSubjectPublicKeyInfo(_data, out _);
                    return ecdsa.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
                }

            default:
                // .NET cannot read compressed points, which this key type uses.
                var signer = SignerUtilities.GetSigner("SHA-256withECDSA");
                signer.Init(forSigning: false, DecodeSecp256k1(_data));
                signer.BlockUpdate(message.ToArray(), 0, message.Length);
                return signer.VerifySignature(signature.ToArray());
        }
    }

    internal static PublicKey FromEd25519(byte[] key) =>
        new(KeyType.Ed25519, key, new PublicKeyMessage { Type = (ulong)KeyType.Ed25519, Data = ByteString.CopyFrom(key) }.ToByteArray());

    private static WireException Refuse(string why, Exception? inner = null) => new(WireLayer.Identity, why, inner);

    private static ECPublicKeyParameters DecodeSecp256k1(byte[] data)
    {
        var curve = SecNamedCurves.GetByName("secp256k1");
        return new ECPublicKeyParameters(curve.Curve.DecodePoint(data), new ECDomainParameters(curve.Curve, curve.G, curve.N, curve.H));
    }

    private void CheckUsable()
    {
        try
        {
            switch (Type)
            {
                case KeyType.Ed25519 when Ed25519.IsUsable(_data):
                    return;
                case KeyType.Rsa:
                    using (var rsa = RSA.Create())
                    {
                        rsa.ImportSubjectPublicKeyInfo(_data, out var read);
                        if (read == _data.Length && rsa.KeySize is >= 2048 and <= 8192)
                        {
                            return;
                        }
                    }

                    break;
                case KeyType.Ecdsa:
                    using (var ecdsa = ECDsa.Create())
                    {
                        ecdsa.ImportSubjectPublicKeyInfo(_data, out var read);
                        if (read == _data.Length && ecdsa.KeySize is 256 or 384 or 521)
                        {
                            return;
                        }
                    }

                    break;
                case KeyType.Secp256k1 when _data.Length is 33 or 65:
                    if (!DecodeSecp256k1(_data).Q.IsInfinity)
                    {
                        return;
                    }

                    break;
                default:
                    break;
            }
        }
        catch (Exception e)
            when (e
                    is CryptographicException
                        or ArgumentException
                        or ArithmeticException
                        or FormatException
                        or InvalidOperationException
                        or NotSupportedException
            )
        {
            // The decoders of the four key types throw these for invalid keys.
            throw Refuse($"the data of a {Type} key is no key", e);
        }

        throw Refuse($"a {Type} key has a size that is not supported, or is of small order");
    }
}
