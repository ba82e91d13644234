using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace DhtTracer.Libp2p.Noise;

/// <summary>A Diffie-Hellman key pair on Curve25519 (RFC 7748). .NET has none, so this uses BouncyCastle.</summary>
internal sealed class X25519KeyPair
{
    public const int KeyLength = 32;

    private readonly byte[] _private;

    public X25519KeyPair(byte[] privateKey)
    {
        _private = privateKey;
        PublicKey = new byte[KeyLength];
        X25519.ScalarMultBase(_private, PublicKey);
    }

    public byte[] PublicKey { get; }

    public static X25519KeyPair Create() => new(RandomNumberGenerator.GetBytes(KeyLength));

    /// <summary>Computes the shared secret. False if it is all zero, which a remote key of small order causes.</summary>
    public bool TryAgree(byte[] remotePublicKey, byte[] secret) => X25519.CalculateAgreement(_private, remotePublicKey, secret);
}
