using System.Text;

namespace DhtTracer.Multiformats;

/// <summary>What a DHT key stands for.</summary>
public enum KeyKind
{
    /// <summary>A peer; the bytes are its peer id.</summary>
    Peer,

    /// <summary>Content; the bytes are the CID's multihash.</summary>
    Cid,

    /// <summary>A multihash of which neither codec nor meaning is known.</summary>
    Multihash,

    /// <summary>An IPNS name; the bytes are <c>/ipns/</c> and the peer id.</summary>
    Ipns,

    /// <summary>A public-key record; the bytes are <c>/pk/</c> and the peer id.</summary>
    PublicKey,

    /// <summary>Another value record with a namespace, such as <c>/v/hello</c>.</summary>
    Record,

    /// <summary>Bytes without any structure that is known here.</summary>
    Raw,
}

/// <summary>One reading of a key.</summary>
/// <param name="Kind">What it stands for.</param>
/// <param name="Bytes">The bytes that are hashed to the Kademlia id.</param>
/// <param name="Text">The canonical text: a CID, base58 for a peer id or bare multihash, a record key's path, hexadecimal for raw
/// bytes.</param>
public sealed record KeyCandidate(KeyKind Kind, ReadOnlyMemory<byte> Bytes, string Text)
{
    /// <summary>The key's place in the Kademlia key space.</summary>
    public KadId KadId => KadId.Of(Bytes.Span);
}

/// <summary>
/// Reads a DHT key in any of the forms in which people and traces write it. Many texts can be read in more than one way
/// (<c>Qm…</c> is a CID and a peer id, <c>k51…</c> a peer id and an IPNS name): every reading is returned, the likeliest first.
/// </summary>
public static class KeyParser
{
    /// <summary>Longest text that is read, in characters.</summary>
    public const int MaxTextLength = 2048;

    /// <summary>
    /// All readings of <paramref name="text"/>, likeliest first; none when it is empty or too long. Readings as bytes without
    /// structure are given only when there is no other, but for hexadecimal, which every key may be written in.
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
    /// What the bytes of a key can stand for, likeliest first: never empty for 1 byte or more. Bytes of a binary CID give the CID,
    /// whose <see cref="KeyCandidate.Bytes"/> are its multihash.
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

    /// <summary>A text that begins with a slash: a path, a multiaddr, or a record key.</summary>
    private static void AddPath(Candidates found, string text)
    {
        var segments = text.Split('/');
        if (segments is ["", "ipfs", var content, ..])
        {
            if (Cid.TryParse(content, out var cid))
            {
                found.Add(cid);
            }

            // Before 2019 the multiaddr protocol p2p was called ipfs: /ipfs/Qm… can be a peer.
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
            // A path below an IPNS name is resolved after the name: the record's key is the name alone.
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
            // Content identifiers of version 0 outnumber RSA peers by far.
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

    /// <summary>Hexadecimal, multibase, base58 and base36 of something that has a structure.</summary>
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

        // js-libp2p's routing spans carry the key in base36 without the prefix.
        if (Base36.Decode(text, out var base36) == MultiformatError.None)
        {
            AddStructured(found, base36);
        }

        if (Base58.Decode(text, out var base58) == MultiformatError.None)
        {
            AddStructured(found, base58);
        }

        // Every key has a hexadecimal form, so that reading is never left out, even when another base makes sense by chance.
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

        // Arbitrary bytes often parse as a short or identity multihash: only what carries a public key or a whole digest counts.
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

    /// <summary>Whether the bytes begin as a libp2p PublicKey message of a known type: <c>08 type 12 length</c>.</summary>
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
                // A bare multihash says nothing that a CID or peer of the same bytes does not say.
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
