using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace DhtTracer.Web.Access;

/// <summary>
/// Secrets of keys: <c>dht_ID_RANDOM</c>, with 8 hexadecimal digits and 256 random bits in base64url. The prefix lets scanners of
/// repositories recognise a secret. A random secret of this length cannot be guessed from its SHA-256, so no slow hash is needed
/// (docs/adr/0055).
/// </summary>
public static class KeySecret
{
    private const string Prefix = "dht_";
    private const int IdLength = 8;
    private const int RandomBytes = 32;

    /// <summary>Length of every secret in characters.</summary>
    public const int Length = 4 + IdLength + 1 + 43;

    /// <summary>Creates an id of a new key.</summary>
    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength / 2));

    /// <summary>Creates a secret for a key.</summary>
    /// <param name="id">Id of the key.</param>
    public static string Create(string id) => $"{Prefix}{id}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes))}";

    /// <summary>Reads the id in a secret. Says nothing about whether the secret is right.</summary>
    public static bool TryGetId(string secret, [NotNullWhen(true)] out string? id)
    {
        id =
            secret.Length == Length && secret.StartsWith(Prefix, StringComparison.Ordinal) && secret[Prefix.Length + IdLength] == '_'
                ? secret.Substring(Prefix.Length, IdLength)
                : null;
        return id is not null;
    }

    /// <summary>The hash that is stored.</summary>
    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Whether a secret belongs to a key at a time. Takes the same time wherever the hashes differ.</summary>
    public static bool Matches(string secret, AccessKey key, DateTimeOffset now)
    {
        var hash = Hash(secret);
        var current = CryptographicOperations.FixedTimeEquals(hash, key.Hash);
        var old =
            key.OldHash is { } oldHash
            && key.OldUntil is { } until
            && now < until
            && CryptographicOperations.FixedTimeEquals(hash, oldHash);
        return (current || old) && key.IsValidAt(now);
    }
}
