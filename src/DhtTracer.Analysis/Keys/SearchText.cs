namespace DhtTracer.Analysis.Keys;

/// <summary>Removes the text around a key that people copy with it.</summary>
internal static class SearchText
{
    private static readonly string[] Pairs = ["\"\"", "''", "``", "“”", "‘’", "«»", "<>"];

    /// <summary>
    /// The key in a text: <c>"bafy…"</c> without its quotes, <c>0x1220…</c> without its prefix. From addresses of gateways
    /// (<c>https://host/ipfs/CID/path</c>, <c>host/ipfs/CID</c>, <c>https://CID.ipfs.host/path</c>) and of Kubo's RPC API
    /// (<c>…/routing/findprovs?arg=CID</c>) only the key. Any other text stays unchanged.
    /// </summary>
    public static string Bare(string text)
    {
        var bare = Unquoted(text);
        if (
            bare.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && bare.Length > 2
            && bare.AsSpan(2).ContainsAnyExceptInRange('0', 'f') is false
            && bare.Skip(2).All(char.IsAsciiHexDigit)
        )
        {
            return bare[2..];
        }

        return
            bare.StartsWith('/')
            || bare.StartsWith("ipfs://", StringComparison.OrdinalIgnoreCase)
            || bare.StartsWith("ipns://", StringComparison.OrdinalIgnoreCase)
            ? WithoutQuery(bare)
            : OfAddress(bare) ?? bare;
    }

    private static string Unquoted(string text)
    {
        while (text.Length > 2 && Pairs.Any(pair => text[0] == pair[0] && text[^1] == pair[1]))
        {
            text = text[1..^1].Trim();
        }

        return text;
    }

    private static string? OfAddress(string text)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        var rest = scheme < 0 ? text : text[(scheme + 3)..];
        if (Argument(rest) is { } argument)
        {
            return argument;
        }

        rest = WithoutQuery(rest);
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? rest : rest[..slash];
        if (slash >= 0)
        {
            foreach (var space in new[] { "/ipfs/", "/ipns/" })
            {
                if (rest.IndexOf(space, slash, StringComparison.Ordinal) is >= 0 and var at && rest.Length > at + space.Length)
                {
                    return rest[at..];
                }
            }
        }

        // A subdomain gateway. A host name is in lower case; a CIDv1 in base32 or a name in base36 stays intact in lower case.
        return host.Split('.') is [{ Length: > 0 } key, "ipfs" or "ipns", _, ..] labels ? $"/{labels[1]}/{key}" : null;
    }

    private static string? Argument(string address)
    {
        var query = address.IndexOf('?', StringComparison.Ordinal);
        if (query < 0)
        {
            return null;
        }

        var first = address[(query + 1)..]
            .Split('#')[0]
            .Split('&')
            .FirstOrDefault(static part => part.StartsWith("arg=", StringComparison.Ordinal));
        return first is { Length: > 4 } ? Uri.UnescapeDataString(first[4..]) : null;
    }

    private static string WithoutQuery(string text) => text.IndexOfAny(['?', '#']) is >= 0 and var end ? text[..end] : text;
}
