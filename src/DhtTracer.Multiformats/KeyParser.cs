using System.Text;

namespace DhtTracer.Multiformats;

/// <summary>What a DHT key identifies.</summary>
public enum KeyKind
{
    /// <summary>A peer; the bytes are its peer id.</summary>
    Peer,

    /// <summary>Content; the bytes are the CID's multihash.</summary>
    Cid,

    /// <summary>A multihash with unknown codec and meaning.</summary>
    Multihash,

    /// <summary>An IPNS name; the bytes are <c>/ipns/</c> followed by the peer id.</summary>
    Ipns,

    /// <summary>A public-key record; the bytes are <c>/pk/</c> followed by the peer id.</summary>
    PublicKey,

    /// <summary>Another value record with a namespace, such as <c>/v/hello</c>.</summary>
    Record,

    /// <summary>Bytes without a known structure.</summary>
    Raw,
}

/// <summary>One way to read a key.</summary>
/// <param name="Kind">What the key identifies.</param>
/// <param name="Bytes">The bytes that are hashed to the Kademlia id.</param>
/// <param name="Text">The canonical text: a CID, base58 for a peer id or bare multihash, the path of a record key, hexadecimal for raw
/// bytes.</param>
public sealed record KeyCandidate(KeyKind Kind, ReadOnlyMemory<byte> Bytes, string Text)
{
    /// <summary>The key's position in the Kademlia key space.</summary>
    public KadId KadId => KadId.Of(Bytes.Span);
}

/// <summary>
/// Parses a DHT key in any form that people and traces use. Many texts can be read in more than one way: <c>Qm…</c> is a CID and a peer id,
/// <c>k51…</c> a peer id and an IPNS name. All candidates are returned, likeliest first.
/// </summary>
public static class KeyParser
{
    /// <summary>Maximum length of the text, in characters.</summary>
    public const int MaxTextLength = 2048;

    /// <summary>
    /// All candidates for <paramref name="text"/>, likeliest first; none if it is empty or too long. Raw bytes are a candidate only if
    /// there is no other, or if the text is hexadecimal, because every key can be written in hexadecimal.
    /// </summary>
    public static IReadOnlyList<KeyCandidate> Parse(string? text)
    {
        var found = new Candidates();
        text = text?.Trim();
        if (string.IsNullOrEmpty(text) || text.Length > MaxTextLength)
        {
            return found.ToList();
        }

        if (text.StartsWith("ipfs://", StringComparison.Ordinal) || text.StartsWith("ipns://", StringComparison.Ordinal))
        {
            text = $"/{text[..4]}/{text[7..]}";
        }

        if (text[0] == '/')
        {
            AddPath(found, text);
            return found.ToList();
        }

        AddIdentifiers(found, text);
        AddEncodedBytes(found, text);
        if (found.Readings.All(reading => reading.Kind == KeyKind.Raw))
        {
            AddRaw(found, text);
        }

        return found.ToList();
    }

    /// <summary>
    /// All candidates for the bytes of a key, likeliest first; never empty for 1 byte or more. A binary CID gives the CID; its
    /// <see cref="KeyCandidate.Bytes"/> are its multihash.
    /// </summary>
    public static IReadOnlyList<KeyCandidate> FromBytes(ReadOnlySpan<byte> bytes)
    {
        var found = new Candidates();
        AddStructured(found, bytes);
        if (found.Count == 0 && !bytes.IsEmpty)
        {
            found.Add(KeyKind.Raw, bytes, Convert.ToHexStringLower(bytes));
        }

        return found.ToList();
    }

    /// <summary>Parses a text that begins with a slash: a path, a multiaddr, or a record key.</summary>
    private static void AddPath(Candidates found, string text)
    {
        var segments = text.Split('/');
        if (segments is ["", "ipfs", var content, ..])
        {
            if (Cid.TryParse(content, out var cid))
            {
                found.Add(cid);
            }

            // Before 2019 the multiaddr protocol p2p was named ipfs, so /ipfs/Qm… can be a peer.
            if (PeerId.TryParse(content, out var peer))
            {
                found.Add(peer);
            }
        }

        if (
            found.Count == 0
            && Array.LastIndexOf(segments, "p2p") is >= 0 and var at
            && at + 1 < segments.Length
            && PeerId.TryParse(segments[at + 1], out var target)
        )
        {
            found.Add(target);
        }

        if (found.Count == 0)
        {
            // A path below an IPNS name is resolved after the name, so the record's key contains only the name.
            var keyText = segments is ["", "ipns", { Length: > 0 } name, ..] && PeerId.TryParse(name, out _) ? "/ipns/" + name : text;
            if (RecordKey.TryParse(keyText, out var key))
            {
                AddStructured(found, key);
            }
        }

        if (found.Count == 0)
        {
            found.Add(KeyKind.Raw, Encoding.UTF8.GetBytes(text), Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)));
        }
    }

    private static void AddIdentifiers(Candidates found, string text)
    {
        var isPeer = PeerId.TryParse(text, out var peer);
        if (Cid.TryParse(text, out var cid) && cid.Version == 0)
        {
            // Version 0 CIDs are far more common than RSA peer ids.
            found.Add(cid);
        }

        if (isPeer)
        {
            found.Add(peer);
            found.Add(KeyKind.Ipns, RecordKey.ForIpns(peer), "/ipns/" + peer.ToCidString());
        }

        if (cid is not null)
        {
            found.Add(cid);
        }
    }

    /// <summary>Parses hexadecimal, multibase, base58 and base36 of structured bytes.</summary>
    private static void AddEncodedBytes(Candidates found, string text)
    {
        var isHex = HexText.TryDecode(text, out var hex);
        var before = found.Count;
        AddStructured(found, hex);
        var rawHex = isHex && found.Count == before;
        if (Multibase.Decode(text, out var bytes, out _) == MultiformatError.None)
        {
            AddStructured(found, bytes);
        }

        // The routing spans of js-libp2p have the key in base36 without the prefix.
        if (Base36.Decode(text, out var base36) == MultiformatError.None)
        {
            AddStructured(found, base36);
        }

        if (Base58.Decode(text, out var base58) == MultiformatError.None)
        {
            AddStructured(found, base58);
        }

        // Every key has a hexadecimal form, so always keep that candidate, even if another base also fits by chance.
        if (rawHex)
        {
            found.AddRaw(hex);
        }
    }

    private static void AddRaw(Candidates found, string text)
    {
        if (Multibase.Decode(text, out var bytes, out _) == MultiformatError.None)
        {
            found.AddRaw(bytes);
        }

        found.AddRaw(Encoding.UTF8.GetBytes(text));
        if (Base36.Decode(text, out var base36) == MultiformatError.None)
        {
            found.AddRaw(base36);
        }
    }

    private static void AddStructured(Candidates found, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (RecordKey.ToText(bytes) is { } record)
        {
            var kind =
                RecordKey.TryParseIpns(bytes, out _) ? KeyKind.Ipns
                : RecordKey.TryParsePublicKey(bytes, out _) ? KeyKind.PublicKey
                : KeyKind.Record;
            found.Add(kind, bytes, record);
            return;
        }

        // Arbitrary bytes often parse as a short or identity multihash. Accept only a public key or a complete digest.
        if (PeerId.TryParse(bytes, out var peer) && IsPublicKey(peer.InlinePublicKeyProtobuf))
        {
            found.Add(peer);
        }
        else if (Multihash.TryParse(bytes, out var multihash) && multihash.Code != Multihash.Identity && multihash.IsWhole)
        {
            found.Add(KeyKind.Multihash, bytes, multihash.ToString());
            if (!peer.IsEmpty && multihash.Code == Multihash.Sha2256)
            {
                found.Add(peer);
            }
        }
        else if (Cid.TryParse(bytes, out var cid) && cid.Multihash.IsWhole)
        {
            found.Add(cid);
        }
    }

    /// <summary>Whether the bytes begin like a libp2p PublicKey message of a known type: <c>08 type 12 length</c>.</summary>
    private static bool IsPublicKey(ReadOnlySpan<byte> protobuf) =>
        protobuf.Length > 4 && protobuf[0] == 0x08 && protobuf[1] <= 3 && protobuf[2] == 0x12 && protobuf[3] == protobuf.Length - 4;

    private sealed class Candidates
    {
        private readonly List<KeyCandidate> _list = [];

        public int Count => _list.Count;

        public IReadOnlyList<KeyCandidate> Readings => _list;

        public void Add(PeerId peer) => Add(KeyKind.Peer, peer.Bytes, peer.ToString());

        public void Add(Cid cid) => Add(KeyKind.Cid, cid.Multihash.Bytes, cid.ToString());

        public void AddRaw(ReadOnlySpan<byte> bytes)
        {
            if (!bytes.IsEmpty)
            {
                Add(KeyKind.Raw, bytes, Convert.ToHexStringLower(bytes));
            }
        }

        public void Add(KeyKind kind, ReadOnlySpan<byte> bytes, string text)
        {
            foreach (var known in _list)
            {
                // A bare multihash adds nothing to a CID or peer with the same bytes.
                if (known.Bytes.Span.SequenceEqual(bytes) && (known.Kind == kind || kind == KeyKind.Multihash))
                {
                    return;
                }
            }

            _list.Add(new KeyCandidate(kind, bytes.ToArray(), text));
        }

        public List<KeyCandidate> ToList() => _list;
    }
}
