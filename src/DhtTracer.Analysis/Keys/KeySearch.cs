using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Keys;

/// <summary>One key that the text of a user can mean.</summary>
/// <param name="Bytes">The bytes that are hashed, in lower-case hex: the <see cref="QueryKey.Bytes"/> of every query for this key.</param>
/// <param name="KadId">SHA-256 of the bytes, in lower-case hex.</param>
/// <param name="Text">The canonical text of the key, for display.</param>
/// <param name="PeerId">The peer id in base58, equal to <see cref="QueryPeer.Id"/> of its rows; null when the key cannot be a peer.</param>
public sealed record KeyReading(string Bytes, string KadId, string Text, string? PeerId);

/// <summary>
/// What a search text can mean. Every form of a key finds the same key: a CID of either version in any multibase, a multihash in hex or
/// base58, a peer id in base58 or as a CID, <c>/ipns/…</c>, <c>/pk/…</c>, <c>/p2p/…</c>, and the bytes in hex. The key may be in quotes or
/// in the address of a gateway. A part of a key matches as the beginning of <see cref="QueryKey.Text"/>.
/// </summary>
public sealed record KeySearch
{
    /// <summary>Longest search text, in characters; a longer text means nothing.</summary>
    public const int MaxLength = KeyParser.MaxTextLength;

    /// <summary>Fewest characters that are searched at the end of a key or peer id; pages show this many.</summary>
    public const int ShortestTail = 6;

    /// <summary>A peer id or a CID of version 0 in base58 has so many characters; no end of an id that somebody types is as long.</summary>
    private const int ShortestWhole = 46;

    private const int KadIdDigits = 64;

    /// <summary>The keys that the text can mean, most likely first; empty when the text cannot be a whole key.</summary>
    public required IReadOnlyList<KeyReading> Candidates { get; init; }

    /// <summary>The text as the beginning of a key's text; null when it is empty or too long.</summary>
    public string? TextPrefix { get; init; }

    /// <summary>
    /// The text as the end of a key or peer id; null when it is too short, as long as a whole id, or has characters that no id ends with.
    /// </summary>
    public string? Tail { get; init; }

    /// <summary>The text in lower case when it can be a whole Kademlia id (64 hex digits); else null.</summary>
    public string? KadId { get; init; }

    /// <summary>Reads the text of a user. Spaces around it are ignored.</summary>
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

        // A key that is plain text was hashed as UTF-8. So this meaning always applies, too.
        Add(candidates, System.Text.Encoding.UTF8.GetBytes(text), text);
        return new KeySearch
        {
            Candidates = candidates,
            TextPrefix = bare,
            Tail = bare.Length is >= ShortestTail and < ShortestWhole && bare.All(char.IsAsciiLetterOrDigit) ? bare : null,
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
                    Multiformats.PeerId.TryParse(bytes, out var peer) ? peer.ToString()
                        : Pseudonym.KadId(text) is not null ? text
                        : null
                )
            );
        }
    }
}
