using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace DhtTracer.Multiformats;

/// <summary>
/// A self-describing digest: varint code, varint length, digest (<see href="https://multiformats.io/multihash/"/>). <c>12 20 …</c> is a
/// SHA-256.
/// </summary>
public readonly struct Multihash : IEquatable<Multihash>
{
    /// <summary>Code of the identity "hash": the digest is the data.</summary>
    public const ulong Identity = 0x00;

    /// <summary>Code of SHA-256.</summary>
    public const ulong Sha2256 = 0x12;

    /// <summary>Maximum length of a digest, in bytes.</summary>
    public const int MaxDigestLength = 1024;

    private readonly byte[]? _bytes;
    private readonly int _digestStart;

    private Multihash(byte[] bytes, ulong code, int digestStart)
    {
        _bytes = bytes;
        _digestStart = digestStart;
        Code = code;
    }

    /// <summary>The hash function, from the multicodec table.</summary>
    public ulong Code { get; }

    public ReadOnlySpan<byte> Digest => _bytes.AsSpan(_digestStart);

    /// <summary>Code, length and digest. Empty for the default value.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Name of the hash function in the multicodec table; null for a code that is not listed here.</summary>
    public string? Name =>
        Code switch
        {
            Identity => "identity",
            0x11 => "sha1",
            Sha2256 => "sha2-256",
            0x13 => "sha2-512",
            0x14 => "sha3-512",
            0x15 => "sha3-384",
            0x16 => "sha3-256",
            0x17 => "sha3-224",
            0x1b => "keccak-256",
            0x1e => "blake3",
            0x20 => "sha2-384",
            0x56 => "dbl-sha2-256",
            0xb220 => "blake2b-256",
            0xb240 => "blake2b-512",
            0xb260 => "blake2s-256",
            _ => null,
        };

    /// <summary>Whether the hash function is known and the digest has its full length. Always true for an identity multihash.</summary>
    public bool IsWhole =>
        Code switch
        {
            Identity => true,
            0x11 => Digest.Length == 20,
            0x17 => Digest.Length == 28,
            Sha2256 or 0x16 or 0x1b or 0x1e or 0x56 or 0xb220 or 0xb260 => Digest.Length == 32,
            0x15 or 0x20 => Digest.Length == 48,
            0x13 or 0x14 or 0xb240 => Digest.Length == 64,
            _ => false,
        };

    /// <summary>Wraps a digest.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The digest is longer than <see cref="MaxDigestLength"/>.</exception>
    public static Multihash Create(ulong code, ReadOnlySpan<byte> digest)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digest.Length, MaxDigestLength, nameof(digest));
        var start = Varint.Length(code) + Varint.Length((ulong)digest.Length);
        var bytes = new byte[start + digest.Length];
        var at = Varint.Write(bytes, code);
        _ = Varint.Write(bytes.AsSpan(at), (ulong)digest.Length);
        digest.CopyTo(bytes.AsSpan(start));
        return new Multihash(bytes, code, start);
    }

    /// <summary>The SHA-256 multihash of <paramref name="data"/>.</summary>
    public static Multihash OfSha256(ReadOnlySpan<byte> data) => Create(Sha2256, SHA256.HashData(data));

    /// <summary>Reads a multihash that fills all of <paramref name="bytes"/>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out Multihash multihash) =>
        Read(bytes, out multihash, out var length) == MultiformatError.None && length == bytes.Length;

    /// <summary>Parses text: hexadecimal in either case, else base58.</summary>
    /// <remarks>If the text gives a multihash in both bases, hexadecimal wins.</remarks>
    public static bool TryParse([NotNullWhen(true)] string? text, out Multihash multihash)
    {
        multihash = default;
        if (string.IsNullOrEmpty(text) || text.Length > 2 * (MaxDigestLength + 12))
        {
            return false;
        }

        return (HexText.TryDecode(text, out var hex) && TryParse(hex, out multihash))
            || (Base58.Decode(text, out var bytes) == MultiformatError.None && TryParse(bytes, out multihash));
    }

    /// <summary>Reads the multihash at the start of <paramref name="source"/>.</summary>
    /// <param name="source">The bytes. Anything after the multihash is ignored.</param>
    /// <param name="multihash">A copy of it.</param>
    /// <param name="length">Number of bytes read.</param>
    public static MultiformatError Read(ReadOnlySpan<byte> source, out Multihash multihash, out int length)
    {
        multihash = default;
        length = 0;
        if (Varint.Read(source, out var code, out var codeLength) is not MultiformatError.None and var codeError)
        {
            return codeError;
        }

        if (Varint.Read(source[codeLength..], out var size, out var sizeLength) is not MultiformatError.None and var sizeError)
        {
            return sizeError;
        }

        if (size > MaxDigestLength)
        {
            return MultiformatError.TooLong;
        }

        var start = codeLength + sizeLength;
        if ((ulong)(source.Length - start) < size)
        {
            return MultiformatError.Truncated;
        }

        // A digest may be truncated, but is never longer than the output of its function.
        if (code == Sha2256 && size > 32)
        {
            return MultiformatError.InvalidValue;
        }

        length = start + (int)size;
        multihash = new Multihash(source[..length].ToArray(), code, start);
        return MultiformatError.None;
    }

    /// <summary>Compares the bytes.</summary>
    public static bool operator ==(Multihash left, Multihash right) => left.Equals(right);

    /// <summary>Compares the bytes.</summary>
    public static bool operator !=(Multihash left, Multihash right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Multihash other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Multihash other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>Lower-case hexadecimal of <see cref="Bytes"/>.</summary>
    public string ToHex() => Convert.ToHexStringLower(Bytes);

    /// <summary>Base58 of <see cref="Bytes"/>; a SHA-256 begins with <c>Qm</c>.</summary>
    public override string ToString() => Base58.Encode(Bytes);
}
