using System.Globalization;

namespace DhtTracer.Traces.RustLogs;

/// <summary>Reads values as Rust's <c>Debug</c> writes them.</summary>
internal static class RustDebugText
{
    /// <summary>Maximum number of peers read from one list. Real answers hold 20 to a few dozen.</summary>
    private const int MostPeers = 4096;

    /// <summary>The number in <c>QueryId(7)</c> or <c>Some(QueryId(7))</c>; null for anything else.</summary>
    public static ulong? QueryId(string? text)
    {
        const string opening = "QueryId(";
        var start = text?.IndexOf(opening, StringComparison.Ordinal) ?? -1;
        if (start < 0)
        {
            return null;
        }

        var digits = text.AsSpan(start + opening.Length);
        var end = digits.IndexOf(')');
        return end > 0 && ulong.TryParse(digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>The id in <c>PeerId("12D3…")</c> or in a bare <c>12D3…</c>; null for any other text.</summary>
    public static string? Peer(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (PeerAt(text, 0, out _) is { } inside)
        {
            return inside;
        }

        return text.Length <= 128 && text.All(char.IsAsciiLetterOrDigit) ? text : null;
    }

    /// <summary>The bytes of <c>Key(b"/v/a\x00")</c>; null for any other text.</summary>
    public static byte[]? Key(string? text)
    {
        const string opening = "b\"";
        var start = text?.IndexOf(opening, StringComparison.Ordinal) ?? -1;
        if (start < 0)
        {
            return null;
        }

        var bytes = new List<byte>();
        for (var at = start + opening.Length; at < text!.Length; at++)
        {
            switch (text[at])
            {
                case '"':
                    return [.. bytes];
                case '\\' when at + 1 < text.Length:
                    at++;
                    if (text[at] == 'x')
                    {
                        if (
                            at + 2 >= text.Length
                            || !byte.TryParse(
                                text.AsSpan(at + 1, 2),
                                NumberStyles.AllowHexSpecifier,
                                CultureInfo.InvariantCulture,
                                out var value
                            )
                        )
                        {
                            return null;
                        }

                        bytes.Add(value);
                        at += 2;
                    }
                    else if (
                        text[at] switch
                        {
                            'n' => '\n',
                            'r' => '\r',
                            't' => '\t',
                            '0' => '\0',
                            '\\' => '\\',
                            '"' => '"',
                            '\'' => '\'',
                            _ => -1,
                        }
                        is >= 0
                            and var escaped
                    )
                    {
                        bytes.Add((byte)escaped);
                    }
                    else
                    {
                        return null;
                    }

                    break;
                case >= ' ' and <= '~':
                    bytes.Add((byte)text[at]);
                    break;
                default:
                    return null;
            }
        }

        return null;
    }

    /// <summary>
    /// The peer of rust-libp2p's
    /// <c>KadPeer { node_id: PeerId("12D3…"), multiaddrs: [/ip4/…/p2p/12D3…, …], connection_ty: Connected }</c>.
    /// </summary>
    /// <returns>The id and its multiaddrs, separated by spaces; null if the text is not such a peer.</returns>
    public static (string Id, string Addresses)? KadPeer(string? text)
    {
        if (text is null || PeerAt(text, 0, out _) is not { } id)
        {
            return null;
        }

        const string opening = "multiaddrs: [";
        var start = text.IndexOf(opening, StringComparison.Ordinal);
        var end = start < 0 ? -1 : text.IndexOf(']', start);
        return (id, end < 0 ? "" : text[(start + opening.Length)..end].Replace(",", "", StringComparison.Ordinal));
    }

    /// <summary>
    /// The peers of litep2p's list
    /// <c>[KademliaPeer { key: Key { preimage: PeerId("…"), … }, peer: PeerId("…"), address_store: AddressStore
    /// { addresses: {/ip4/…: AddressRecord { score: 0, address: /ip4/… }}, … }, … }, …]</c>. Null when the text is no list.
    /// </summary>
    public static List<(string Id, string Addresses)>? KademliaPeers(string? text)
    {
        if (text is not ['[', ..])
        {
            return null;
        }

        const string opening = "}, peer: ";
        const string address = "address: ";
        var peers = new List<(string, string)>();
        for (var at = text.IndexOf(opening, StringComparison.Ordinal); at >= 0 && peers.Count < MostPeers; )
        {
            var next = text.IndexOf(opening, at + opening.Length, StringComparison.Ordinal);
            if (PeerAt(text, at, out var after) is { } id && (next < 0 || after <= next))
            {
                var rest = text.AsSpan(after, (next < 0 ? text.Length : next) - after);
                var addresses = new List<string>();
                for (var place = rest.IndexOf(address); place >= 0; place = rest.IndexOf(address))
                {
                    rest = rest[(place + address.Length)..];
                    var end = rest.IndexOfAny(' ', ',', '}');
                    addresses.Add(rest[..(end < 0 ? rest.Length : end)].ToString());
                }

                peers.Add((id, string.Join(' ', addresses)));
            }

            at = next;
        }

        return peers;
    }

    /// <summary>The multiaddrs of litep2p's <c>{/ip4/…, /ip4/…}</c> or <c>[…]</c>, separated by spaces.</summary>
    public static string Addresses(string? text) =>
        text is ['{' or '[', .. var inside, '}' or ']'] ? inside.Replace(",", "", StringComparison.Ordinal) : "";

    private static string? PeerAt(string text, int from, out int after)
    {
        const string opening = "PeerId(\"";
        var start = text.IndexOf(opening, from, StringComparison.Ordinal);
        var end = start < 0 ? -1 : text.IndexOf('"', start + opening.Length);
        after = end;
        return end > start + opening.Length && end - start <= 256 ? text[(start + opening.Length)..end] : null;
    }
}
