using BouncyEd25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace DhtTracer.Libp2p.Identities;

/// <summary>Ed25519 (RFC 8032). .NET has none, so this uses BouncyCastle and adds the checks that it lacks.</summary>
internal static class Ed25519
{
    public const int KeyLength = 32;
    public const int SignatureLength = 64;

    /// <summary>
    /// The y coordinates of the eight points of small order, plus two that equal others modulo p = 2^255 - 19 but are encoded above p. Any
    /// message "verifies" under such a key, and BouncyCastle accepts them.
    /// </summary>
    private static readonly byte[][] SmallOrder =
    [
        Convert.FromHexString("0000000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("0100000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        Convert.FromHexString("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        Convert.FromHexString("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        Convert.FromHexString("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        Convert.FromHexString("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ];

    public static bool IsUsable(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length != KeyLength)
        {
            return false;
        }

        Span<byte> y = stackalloc byte[KeyLength];
        publicKey.CopyTo(y);
        y[31] &= 0x7f; // the highest bit is the sign of x
        foreach (var small in SmallOrder)
        {
            if (y.SequenceEqual(small))
            {
                return false;
            }
        }

        return true;
    }

    public static byte[] PublicKeyOf(byte[] seed)
    {
        var key = new byte[KeyLength];
        BouncyEd25519.GeneratePublicKey(seed, 0, key, 0);
        return key;
    }

    public static byte[] Sign(byte[] seed, byte[] publicKey, ReadOnlySpan<byte> message)
    {
        var signature = new byte[SignatureLength];
        BouncyEd25519.Sign(seed, 0, publicKey, 0, message.ToArray(), 0, message.Length, signature, 0);
        return signature;
    }

    public static bool Verify(byte[] publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureLength
        && IsUsable(publicKey)
        && BouncyEd25519.Verify(signature.ToArray(), 0, publicKey, 0, message.ToArray(), 0, message.Length);
}
