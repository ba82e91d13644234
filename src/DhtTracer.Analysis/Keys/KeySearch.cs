using DhtTracer.Multiformats;

namespace DhtTracer.Analysis;

/// <summary>One reading of what a user typed.</summary>
/// <param name="Bytes">The bytes that are hashed, in lower-case hex: <see cref="QueryKey.Bytes"/> of every query for this key.</param>
/// <param name="KadId">SHA-256 of the bytes, in lower-case hex.</param>
/// <param name="Text">The reading in its canonical text, to be shown.</param>
/// <param name="PeerId">Base58 of the peer, when it can be one: <see cref="QueryPeer.Id"/> of its rows; else null.</param>
public sealed record KeyReading(string Bytes, string KadId, string Text, string? PeerId);

/// <summary>
/// What a user's search text can mean. The same key is found by every text of it: CID of either version in any multibase, multihash in hex
/// or base58, peer id in base58 or CID form, <c>/ipns/…</c>, <c>/pk/…</c>, <c>/p2p/…</c>, the bytes in hex; in quotes, and in addresses of
/// gateways. A text that is part of a key matches as the beginning of <see cref="QueryKey.Text"/>.
/// </summary>
public sealed record KeySearch
{
    /// <summary>Longest search text, in characters; a longer one means nothing.</summary>
    public const int MaxLength = KeyParser.MaxTextLength;

    /// <summary>Fewest characters that are looked for at the end of a key or peer id: as many as pages show of them.</summary>
    public const int ShortestTail = 6;

    private const int KadIdDigits = 64;

    /// <summary>Readings as a key, the likeliest first; none when the text cannot be a whole key.</summary>
    public required IReadOnlyList<KeyReading> Candidates { get; init; }

    /// <summary>The text as the beginning of a key's text; null when it is empty or too long.</summary>
    public string? TextPrefix { get; init; }

    /// <summary>The text as the end of a key's or peer id's text; null when it is too short, or holds what no id ends with.</summary>
    public string? Tail { get; init; }

    /// <summary>The text when it can be a whole Kademlia id (64 hex digits), in lower case; else null.</summary>
    public string? KadId { get; init; }

    /// <summary>Reads what a user typed, with blanks around it.</summary>
    public static KeySearch Parse(string? text)
    {
        text = text?.Trim() ?? "";
        if (text.Length is 0 or > MaxLength)
        {
            return new KeySearch { Candidates = [] };
        }

        var candidates = new List<KeyReading>();
        var bare = SearchText.Bare(text);
        foreach (var reading in KeyParser.Parse(bare))
        {
            Add(candidates, reading.Bytes.Span, reading.Text);
        }

        // A key that is plain text was hashed as its UTF-8, whatever else the text can mean.
        Add(candidates, System.Text.Encoding.UTF8.GetBytes(text), text);
        return new KeySearch
        {
            Candidates = candidates,
            TextPrefix = bare,
            Tail = bare.Length >= ShortestTail && bare.All(char.IsAsciiLetterOrDigit) ? bare : null,
            KadId = bare.Length == KadIdDigits && bare.All(char.IsAsciiHexDigit) ? bare.ToLowerInvariant() : null,
        };
    }

    private static void Add(List<KeyReading> candidates, ReadOnlySpan<byte> bytes, string text)
    {
        var hex = Convert.ToHexStringLower(bytes);
        if (!candidates.Exists(known => known.Bytes == hex))
        {
            candidates.Add(
                new KeyReading(
                    hex,
                    Multiformats.KadId.Of(bytes).ToString(),
                    text,
                    Multiformats.PeerId.TryParse(bytes, out var peer) ? peer.ToString() : null
                )
            );
        }
    }
}
