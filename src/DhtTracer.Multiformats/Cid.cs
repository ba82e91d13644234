using System.Diagnostics.CodeAnalysis;

namespace DhtTracer.Multiformats;

/// <summary>
/// A content identifier (<see href="https://github.com/multiformats/cid"/>). Version 0 is a bare SHA-256 multihash; version 1 is varint 1,
/// a content codec and a multihash. Equality compares version, codec and multihash, not the text.
/// </summary>
public sealed class Cid : IEquatable<Cid>
{
    /// <summary>Codec of raw bytes.</summary>
    public const ulong Raw = 0x55;

    /// <summary>Codec of MerkleDAG protobuf, the only codec of version 0.</summary>
    public const ulong DagPb = 0x70;

    /// <summary>Codec of a libp2p public key: the CID form of a peer id or IPNS name.</summary>
    public const ulong Libp2pKey = 0x72;

    private Cid(int version, ulong codec, Multihash multihash)
    {
        Version = version;
        Codec = codec;
        Multihash = multihash;
    }

    /// <summary>0 or 1.</summary>
    public int Version { get; }

    /// <summary>The content codec, from the multicodec table.</summary>
    public ulong Codec { get; }

    /// <summary>The multihash. Its bytes are the key of the content's provider records.</summary>
    public Multihash Multihash { get; }

    /// <summary>A version 0 CID.</summary>
    /// <exception cref="ArgumentException">The multihash is not a complete SHA-256.</exception>
    public static Cid CreateV0(Multihash multihash) =>
        multihash.Code == Multihash.Sha2256 && multihash.Digest.Length == 32
            ? new Cid(0, DagPb, multihash)
            : throw new ArgumentException("Version 0 takes a 32-byte SHA-256 only.", nameof(multihash));

    /// <summary>A version 1 CID.</summary>
    public static Cid CreateV1(ulong codec, Multihash multihash) => new(1, codec, multihash);

    /// <summary>Parses text in any supported base.</summary>
    /// <exception cref="MultiformatException">It is not a CID.</exception>
    public static Cid Parse(string text) =>
        Decode(text, out var cid) is not MultiformatError.None and var error ? throw new MultiformatException(error, "CID", text) : cid!;

    /// <summary>Parses text in any supported base; false if it is not a CID.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Cid? cid) =>
        Decode(text, out cid) == MultiformatError.None;

    /// <summary>Reads a binary CID that fills all of <paramref name="bytes"/>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Cid? cid) =>
        Decode(bytes, out cid) == MultiformatError.None;

    /// <summary>The binary form; a bare multihash for version 0.</summary>
    public byte[] ToBytes()
    {
        if (Version == 0)
        {
            return Multihash.Bytes.ToArray();
        }

        var codecLength = Varint.Length(Codec);
        var bytes = new byte[1 + codecLength + Multihash.Bytes.Length];
        bytes[0] = 1;
        _ = Varint.Write(bytes.AsSpan(1), Codec);
        Multihash.Bytes.CopyTo(bytes.AsSpan(1 + codecLength));
        return bytes;
    }

    /// <summary>The canonical text: base58 for version 0, base36 for the CID of a key, base32 for every other version 1.</summary>
    public override string ToString() => ToString(Codec == Libp2pKey ? MultibaseEncoding.Base36 : MultibaseEncoding.Base32);

    /// <summary>The text in a chosen base. Version 0 has only its base58 form.</summary>
    public string ToString(MultibaseEncoding encoding) => Version == 0 ? Multihash.ToString() : Multibase.Encode(encoding, ToBytes());

    /// <inheritdoc/>
    public bool Equals(Cid? other) => other is not null && Version == other.Version && Codec == other.Codec && Multihash == other.Multihash;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Cid);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Version, Codec, Multihash);

    private static MultiformatError Decode(string? text, out Cid? cid)
    {
        cid = null;
        if (string.IsNullOrEmpty(text))
        {
            return MultiformatError.Empty;
        }

        if (text.Length == 46 && text.StartsWith("Qm", StringComparison.Ordinal))
        {
            return Base58.Decode(text, out var v0) is not MultiformatError.None and var v0Error ? v0Error : Decode(v0, out cid);
        }

        if (Multibase.Decode(text, out var bytes, out _) is not MultiformatError.None and var error)
        {
            return error;
        }

        // The specification forbids version 0 after a multibase prefix.
        return bytes is [0x12, ..] ? MultiformatError.Unsupported : Decode(bytes, out cid);
    }

    private static MultiformatError Decode(ReadOnlySpan<byte> bytes, out Cid? cid)
    {
        cid = null;
        if (bytes.Length == 34 && bytes[0] == 0x12 && bytes[1] == 0x20)
        {
            _ = Multihash.TryParse(bytes, out var v0);
            cid = new Cid(0, DagPb, v0);
            return MultiformatError.None;
        }

        if (Varint.Read(bytes, out var version, out var versionLength) is not MultiformatError.None and var versionError)
        {
            return versionError;
        }

        if (version != 1)
        {
            return MultiformatError.Unsupported;
        }

        if (Varint.Read(bytes[versionLength..], out var codec, out var codecLength) is not MultiformatError.None and var codecError)
        {
            return codecError;
        }

        var rest = bytes[(versionLength + codecLength)..];
        if (Multihash.Read(rest, out var multihash, out var length) is not MultiformatError.None and var hashError)
        {
            return hashError;
        }

        if (length != rest.Length)
        {
            return MultiformatError.TrailingBytes;
        }

        cid = new Cid(1, codec, multihash);
        return MultiformatError.None;
    }
}
