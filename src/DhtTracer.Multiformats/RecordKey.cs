using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace DhtTracer.Multiformats;

/// <summary>
/// Keys of value records: a namespace between slashes, then bytes. In keys of <c>/ipns/</c> and <c>/pk/</c>, the bytes are a peer id, which
/// is not text; people write its base58 or CID form.
/// </summary>
public static class RecordKey
{
    private static ReadOnlySpan<byte> IpnsPrefix => "/ipns/"u8;

    private static ReadOnlySpan<byte> PublicKeyPrefix => "/pk/"u8;

    /// <summary>The key of an IPNS record: <c>/ipns/</c> and the bytes of the name.</summary>
    public static byte[] ForIpns(PeerId name) => [.. IpnsPrefix, .. name.Bytes];

    /// <summary>The key of a public-key record: <c>/pk/</c> and the bytes of the peer id.</summary>
    public static byte[] ForPublicKey(PeerId peer) => [.. PublicKeyPrefix, .. peer.Bytes];

    /// <summary>Reads the bytes of an IPNS record's key.</summary>
    public static bool TryParseIpns(ReadOnlySpan<byte> key, out PeerId name)
    {
        name = default;
        return key.StartsWith(IpnsPrefix) && PeerId.TryParse(key[IpnsPrefix.Length..], out name);
    }

    /// <summary>Reads the bytes of a public-key record's key.</summary>
    public static bool TryParsePublicKey(ReadOnlySpan<byte> key, out PeerId peer)
    {
        peer = default;
        return key.StartsWith(PublicKeyPrefix) && PeerId.TryParse(key[PublicKeyPrefix.Length..], out peer);
    }

    /// <summary>
    /// Parses the text of a record key. Peer ids after <c>/ipns/</c> and <c>/pk/</c>, in any text form, become bytes; everything else is
    /// UTF-8. False if there is no namespace between two slashes.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out byte[]? key)
    {
        key = null;
        if (text is null || text.Length > Multibase.MaxLength || text.Length < 3 || text[0] != '/' || text.IndexOf('/', 1) is < 2)
        {
            return false;
        }

        if (text.StartsWith("/ipns/", StringComparison.Ordinal) && TryParsePeer(text[6..], out var name))
        {
            key = ForIpns(name);
        }
        else if (text.StartsWith("/pk/", StringComparison.Ordinal) && TryParsePeer(text[4..], out var peer))
        {
            key = ForPublicKey(peer);
        }
        else
        {
            key = Encoding.UTF8.GetBytes(text);
        }

        return true;
    }

    /// <summary>
    /// The canonical text: <c>/ipns/k51…</c>, <c>/pk/12D3KooW…</c>, or the bytes as UTF-8 if they begin with a namespace and have no
    /// control characters. Null if the bytes are not such a key.
    /// </summary>
    public static string? ToText(ReadOnlySpan<byte> key)
    {
        if (TryParseIpns(key, out var name))
        {
            return "/ipns/" + name.ToCidString();
        }

        if (TryParsePublicKey(key, out var peer))
        {
            return "/pk/" + peer;
        }

        if (key.Length < 3 || key[0] != '/' || key[1..].IndexOf((byte)'/') < 1 || !System.Text.Unicode.Utf8.IsValid(key))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(key);
        return text.Any(char.IsControl) ? null : text;
    }

    /// <summary>A peer id as people write it after a namespace: base58, CID, or its bytes in any multibase.</summary>
    private static bool TryParsePeer(string text, out PeerId peer) =>
        PeerId.TryParse(text, out peer)
        || (Multibase.Decode(text, out var bytes, out _) == MultiformatError.None && PeerId.TryParse(bytes, out peer));
}
