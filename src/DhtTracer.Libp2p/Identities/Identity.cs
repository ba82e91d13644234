using System.Security.Cryptography;
using DhtTracer.Libp2p.Wire;
using DhtTracer.Multiformats;
using Google.Protobuf;

namespace DhtTracer.Libp2p.Identities;

/// <summary>A peer's own Ed25519 key pair.</summary>
public sealed class Identity
{
    private readonly byte[] _seed;
    private readonly byte[] _publicKey;

    private Identity(byte[] seed)
    {
        _seed = seed;
        _publicKey = Ed25519.PublicKeyOf(seed);
        PublicKey = PublicKey.FromEd25519(_publicKey);
    }

    public PublicKey PublicKey { get; }

    public PeerId PeerId => PublicKey.PeerId;

    /// <summary>Makes a new identity from the system's random number generator.</summary>
    public static Identity Create() => new(RandomNumberGenerator.GetBytes(Ed25519.KeyLength));

    /// <summary>Makes the identity of a seed. The same seed gives the same peer id.</summary>
    /// <exception cref="ArgumentException">The seed is not 32 bytes.</exception>
    public static Identity FromSeed(ReadOnlySpan<byte> seed) =>
        seed.Length == Ed25519.KeyLength ? new Identity(seed.ToArray()) : throw new ArgumentException("A seed has 32 bytes.", nameof(seed));

    /// <summary>
    /// Reads a libp2p <c>PrivateKey</c> message of type Ed25519: seed and public key, or the older format with the public key twice.
    /// </summary>
    /// <exception cref="WireException">The message is malformed, of another type, or its public key does not match its seed.</exception>
    public static Identity FromProtobuf(ReadOnlySpan<byte> privateKey)
    {
        var message = WireMessage.Parse(PrivateKeyMessage.Parser, privateKey);
        if (!message.HasType || message.Type != (ulong)KeyType.Ed25519)
        {
            var type = message.HasType ? $"type {message.Type}" : "no type";
            throw new WireException(WireLayer.Identity, $"the private key is of {type}; only Ed25519 (1) can be used as an identity");
        }

        var data = message.Data.Span;
        if (data.Length is not (64 or 96))
        {
            throw new WireException(WireLayer.Identity, $"an Ed25519 private key has 64 or 96 bytes, not {data.Length}");
        }

        var identity = new Identity(data[..32].ToArray());
        for (var at = 32; at < data.Length; at += 32)
        {
            if (!CryptographicOperations.FixedTimeEquals(data.Slice(at, 32), identity._publicKey))
            {
                throw new WireException(WireLayer.Identity, "the public half of the private key does not belong to it");
            }
        }

        return identity;
    }

    /// <summary>Writes the libp2p <c>PrivateKey</c> message. It is secret.</summary>
    public byte[] ToProtobuf() =>
        new PrivateKeyMessage { Type = (ulong)KeyType.Ed25519, Data = ByteString.CopyFrom([.. _seed, .. _publicKey]) }.ToByteArray();

    /// <summary>Signs a message.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message) => Ed25519.Sign(_seed, _publicKey, message);
}
