using System.Diagnostics.CodeAnalysis;

namespace DhtTracer.Multiformats;

/// <summary>
/// The identity of a peer: a multihash of its public key's protobuf. The hash is identity for up to 42 bytes, else SHA-256
/// (<see href="https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md"/>).
/// </summary>
public readonly struct PeerId : IEquatable<PeerId>, IComparable<PeerId>
{
    /// <summary>Maximum size of a public key's protobuf that a peer id contains directly, in bytes.</summary>
    public const int MaxInlineKeyLength = 42;

    private readonly byte[]? _bytes;

    private PeerId(byte[] bytes) => _bytes = bytes;

    /// <summary>The multihash bytes, as sent on the wire and hashed for the Kademlia id. Empty for the default value.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>True for the default value, which is not a peer.</summary>
    public bool IsEmpty => _bytes is null;

    /// <summary>The protobuf of the public key if the peer id contains it, else empty.</summary>
    public ReadOnlySpan<byte> InlinePublicKeyProtobuf => _bytes is [0, ..] ? _bytes.AsSpan(2) : [];

    /// <summary>The peer id of a public key.</summary>
    /// <param name="publicKeyProtobuf">The libp2p <c>PublicKey</c> message in its canonical encoding.</param>
    public static PeerId FromPublicKeyProtobuf(ReadOnlySpan<byte> publicKeyProtobuf)
    {
        var multihash =
            publicKeyProtobuf.Length <= MaxInlineKeyLength
                ? Multihash.Create(Multihash.Identity, publicKeyProtobuf)
                : Multihash.OfSha256(publicKeyProtobuf);
        return new PeerId(multihash.Bytes.ToArray());
    }

    /// <summary>Reads multihash bytes: an identity hash of 1 to 42 bytes or a complete SHA-256. Anything else is not a peer id.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out PeerId peerId)
    {
        // Both accepted forms have a one-byte code and a one-byte length.
        var valid =
            bytes.Length >= 3
            && bytes[1] == bytes.Length - 2
            && (bytes[0] == Multihash.Identity ? bytes[1] <= MaxInlineKeyLength : bytes[0] == Multihash.Sha2256 && bytes[1] == 32);
        peerId = valid ? new PeerId(bytes.ToArray()) : default;
        return valid;
    }

    /// <summary>
    /// Parses base58 (<c>12D3KooW…</c>, <c>Qm…</c>) or the CID form (<c>k51…</c>, <c>bafz…</c>, any base, codec libp2p-key).
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PeerId peerId)
    {
        peerId = default;
        if (string.IsNullOrEmpty(text) || text.Length > 256)
        {
            return false;
        }

        // Base58 of a peer id begins with "1" (identity) or "Qm" (SHA-256). Neither is a multibase prefix.
        if (text[0] == '1' || text.StartsWith("Qm", StringComparison.Ordinal))
        {
            return Base58.Decode(text, out var bytes) == MultiformatError.None && TryParse(bytes, out peerId);
        }

        return Cid.TryParse(text, out var cid) && cid.Codec == Cid.Libp2pKey && TryParse(cid.Multihash.Bytes, out peerId);
    }

    /// <summary>Parses base58 or the CID form.</summary>
    /// <exception cref="MultiformatException">The text is not a peer id.</exception>
    public static PeerId Parse(string text) =>
        TryParse(text, out var peerId) ? peerId : throw new MultiformatException(MultiformatError.InvalidValue, "peer id", text);

    /// <summary>Compares the bytes.</summary>
    public static bool operator ==(PeerId left, PeerId right) => left.Equals(right);

    /// <summary>Compares the bytes.</summary>
    public static bool operator !=(PeerId left, PeerId right) => !left.Equals(right);

    /// <summary>Orders by bytes.</summary>
    public static bool operator <(PeerId left, PeerId right) => left.CompareTo(right) < 0;

    /// <summary>Orders by bytes.</summary>
    public static bool operator >(PeerId left, PeerId right) => left.CompareTo(right) > 0;

    /// <summary>Orders by bytes.</summary>
    public static bool operator <=(PeerId left, PeerId right) => left.CompareTo(right) <= 0;

    /// <summary>Orders by bytes.</summary>
    public static bool operator >=(PeerId left, PeerId right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public bool Equals(PeerId other) => ReferenceEquals(_bytes, other._bytes) || Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PeerId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public int CompareTo(PeerId other) => Bytes.SequenceCompareTo(other.Bytes);

    /// <summary>The CID form, version 1 with codec libp2p-key. The default base36 (<c>k51…</c>) is the form of IPNS names.</summary>
    public string ToCidString(MultibaseEncoding encoding = MultibaseEncoding.Base36) => ToCid().ToString(encoding);

    /// <summary>The CID form.</summary>
    /// <exception cref="InvalidOperationException">This is the default value.</exception>
    public Cid ToCid() =>
        Multihash.TryParse(Bytes, out var multihash)
            ? Cid.CreateV1(Cid.Libp2pKey, multihash)
            : throw new InvalidOperationException("The default value is no peer.");

    /// <summary>The canonical text, base58; empty for the default value.</summary>
    public override string ToString() => IsEmpty ? "" : Base58.Encode(Bytes);
}
