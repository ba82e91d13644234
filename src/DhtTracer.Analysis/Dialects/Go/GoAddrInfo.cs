namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Reads peers as Go prints an <c>AddrInfo</c>: <c>{12D3KooW…: [/ip4/1.2.3.4/tcp/4001 /ip4/1.2.3.4/udp/4001/quic-v1]}</c>. The list is
/// empty for a peer without addresses.
/// </summary>
internal static class GoAddrInfo
{
    /// <summary>Reads one peer. The addresses are the text between the brackets, separated by spaces.</summary>
    /// <returns>False when it has no peer id.</returns>
    public static bool TryRead(ReadOnlySpan<char> text, out ReadOnlySpan<char> id, out ReadOnlySpan<char> addresses)
    {
        text = text.Trim();
        if (text.Length > 0 && text[0] == '{')
        {
            text = text[1..];
        }

        var colon = text.IndexOf(':');
        id = (colon < 0 ? text.TrimEnd('}') : text[..colon]).Trim();
        addresses = [];
        if (colon >= 0 && text[colon..].IndexOf('[') is >= 0 and var open && text.LastIndexOf(']') is var close && close > colon + open)
        {
            addresses = text[(colon + open + 1)..close];
        }

        return !id.IsEmpty;
    }
}
