using System.Buffers;
using System.Text;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Keys;

/// <summary>The key of a query, read from any encoding that a dialect writes. Keys are compared by the bytes that are hashed.</summary>
/// <param name="Key">The key as it is shown and stored.</param>
/// <param name="KadId">Its position in the key space.</param>
internal sealed record TargetKey(QueryKey Key, KadId KadId)
{
    /// <summary>Longest key text that is read, in characters; a longer text is an unknown key.</summary>
    private const int MaxTextLength = 2048;

    /// <summary>A CID as text. The multihash is hashed; the text is kept.</summary>
    public static TargetKey? OfCid(string? text) =>
        Short(text) && Cid.TryParse(text, out var cid) ? Of(cid.Multihash.Bytes, cid.ToString()) : null;

    /// <summary>A peer id in any form.</summary>
    public static TargetKey? OfPeer(string? text) =>
        Short(text) && PeerId.TryParse(text, out var peer) ? Of(peer.Bytes, peer.ToString()) : null;

    /// <summary>Text in base36 without a prefix, as js-libp2p writes keys.</summary>
    public static TargetKey? OfBase36(string? text, QueryType type) =>
        Short(text) && Base36.Decode(text, out var bytes) == MultiformatError.None ? OfBytes(bytes, type) : null;

    /// <summary>Multibase text such as go's <c>u…</c> (base64url).</summary>
    public static TargetKey? OfMultibase(string? text, QueryType type) =>
        Short(text) && Multibase.Decode(text, out var bytes, out _) == MultiformatError.None ? OfBytes(bytes, type) : null;

    /// <summary>A record key in its usual text: <c>/ipns/k51…</c>, <c>/pk/12D3KooW…</c>, <c>/v/name</c>.</summary>
    public static TargetKey? OfRecord(string? text, QueryType type) =>
        Short(text) && RecordKey.TryParse(text, out var key) ? OfBytes(key, type) : null;

    /// <summary>A text whose UTF-8 is hashed.</summary>
    public static TargetKey? OfUtf8(string? text, QueryType type) => Short(text) ? OfBytes(Encoding.UTF8.GetBytes(text!), type) : null;

    /// <summary>
    /// A key from the bytes that are hashed. Its text is the path of a record key, a peer id in base58, or for provider keys a CIDv1 with
    /// the raw codec (their own codec is lost). Otherwise it is the bytes as UTF-8 if they are readable, else as base16 multibase.
    /// </summary>
    public static TargetKey? OfBytes(ReadOnlySpan<byte> bytes, QueryType type)
    {
        if (bytes.IsEmpty)
        {
            return null;
        }

        if (type is QueryType.GetProviders or QueryType.AddProvider && Multihash.TryParse(bytes, out var multihash))
        {
            return Of(bytes, Cid.CreateV1(Cid.Raw, multihash).ToString());
        }

        if (RecordKey.ToText(bytes) is { } record)
        {
            return Of(bytes, record);
        }

        // Readable text comes first: it can have the form of a short identity multihash by accident, while a peer id begins with control
        // characters.
        return Readable(bytes) is { } text ? Of(bytes, text)
            : PeerId.TryParse(bytes, out var peer) ? Of(bytes, peer.ToString())
            : Of(bytes, "f" + Convert.ToHexStringLower(bytes));
    }

    /// <summary>The caller's own text if it is a CID of these bytes; else the canonical text of the bytes.</summary>
    public static TargetKey? OfBytes(ReadOnlySpan<byte> bytes, string? written, QueryType type) =>
        type is QueryType.GetProviders or QueryType.AddProvider && OfCid(written) is { } asWritten && asWritten.KadId == KadId.Of(bytes)
            ? asWritten
            : OfBytes(bytes, type);

    private static TargetKey Of(ReadOnlySpan<byte> bytes, string text)
    {
        var kadId = KadId.Of(bytes);
        return new TargetKey(new QueryKey(text, Convert.ToHexStringLower(bytes), kadId.ToString()), kadId);
    }

    private static bool Short(string? text) => text is { Length: > 0 and <= MaxTextLength };

    /// <summary>The bytes as UTF-8; null when they are not UTF-8 or contain control characters.</summary>
    private static string? Readable(ReadOnlySpan<byte> bytes)
    {
        for (var rest = bytes; !rest.IsEmpty; )
        {
            if (Rune.DecodeFromUtf8(rest, out var rune, out var length) != OperationStatus.Done || Rune.IsControl(rune))
            {
                return null;
            }

            rest = rest[length..];
        }

        return Encoding.UTF8.GetString(bytes);
    }
}
