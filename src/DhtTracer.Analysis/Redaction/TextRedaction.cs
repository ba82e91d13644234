using System.Net;
using System.Text.RegularExpressions;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Redaction;

/// <summary>
/// Removes from a free text, such as an error, what may identify somebody: multiaddrs, IP addresses, host names, peer ids, CIDs, hashes
/// and what was looked for. The words around them stay.
/// </summary>
internal sealed partial class TextRedaction
{
    private const string Removed = "…";

    /// <summary>A longer run of letters without any digit is not a word.</summary>
    private const int LongestWord = 32;

    private readonly RedactionSecret _secret;
    private readonly AddressRedaction _addresses;
    private readonly List<(string Text, string Pseudonym)> _keys;

    /// <param name="secret">What the replacements follow from.</param>
    /// <param name="addresses">How addresses are replaced.</param>
    /// <param name="keys">What was looked for; it is removed, whatever it looks like.</param>
    public TextRedaction(RedactionSecret secret, AddressRedaction addresses, IEnumerable<QueryKey> keys)
    {
        _secret = secret;
        _addresses = addresses;
        _keys = [];
        foreach (var key in keys.DistinctBy(static key => key.Text))
        {
            Hide(key.Text, Removed);
            Hide(key.Bytes, Removed);
            Hide(key.KadId, Removed);
            Hide(key.Text[(key.Text.LastIndexOf('/') + 1)..], Removed);
        }
    }

    /// <summary>The text without what may identify somebody.</summary>
    public string Of(string text)
    {
        text = Multiaddrs().Replace(text, match => _addresses.Multiaddr(match.Value));
        text = Paths().Replace(text, static match => $"/{match.Groups["kind"].Value}/{Removed}");
        text = ShortPeers().Replace(text, "${head}*" + Removed);
        text = Ipv4().Replace(text, match => IsReplaced(match.Value) ? match.Value : _addresses.Ip(match.Value));
        text = Ipv6().Replace(text, match => Ip6(match.Value));
        text = Hosts().Replace(text, match => IPAddress.TryParse(match.Value, out _) ? match.Value : _addresses.Host(match.Value));
        text = Ids().Replace(text, match => Id(match.Value));
        foreach (var (key, pseudonym) in _keys)
        {
            text = text.Replace(key, pseudonym, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>An agent version: its name and version, without what follows, such as a commit or the name of an operator.</summary>
    public string Agent(string agent) => Ids().Replace(string.Join('/', agent.Split('/').Take(2)), match => Id(match.Value));

    /// <summary>A protocol id without ids in it, such as a genesis hash.</summary>
    public string Protocol(string protocol) => Ids().Replace(protocol, match => Id(match.Value));

    private void Hide(string text, string pseudonym)
    {
        if (text.Length >= 3)
        {
            _keys.Add((text, pseudonym));
        }
    }

    private string Id(string text) =>
        text.Length <= LongestWord && !text.AsSpan().ContainsAnyInRange('0', '9') ? text
        : TargetKey.OfPeer(text) is { } peer ? _secret.Position(peer.KadId)
        : TargetKey.OfCid(text) is { } cid ? _secret.Position(cid.KadId)
        : Removed;

    private string Ip6(string text) =>
        text.AsSpan().Count(':') > 1 && IPAddress.TryParse(text, out _) && !IsReplaced(text) ? _addresses.Ip(text) : text;

    /// <summary>Whether it stands for another address already, because the text was a multiaddr.</summary>
    private static bool IsReplaced(string ip) =>
        ip.StartsWith("198.18.", StringComparison.Ordinal)
        || ip.StartsWith("10.255.", StringComparison.Ordinal)
        || ip.StartsWith("127.255.", StringComparison.Ordinal)
        || ip.StartsWith("100.127.", StringComparison.Ordinal)
        || ip.StartsWith("2001:db8::", StringComparison.Ordinal)
        || ip.StartsWith("fd00::", StringComparison.Ordinal);

    [GeneratedRegex(
        """/(ip4|ip6|dns|dns4|dns6|dnsaddr)/[^\s\[\](){}<>,;"'`|]+""",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Multiaddrs();

    [GeneratedRegex(
        """/(?<kind>p2p|ipfs|ipns|pk|provider|unix|home|root|var|tmp)/[^\s\[\](){}<>,;"'`|:]+""",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Paths();

    [GeneratedRegex("""(?<head>12D3|1|12|16|Qm)\*\w{4,8}""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ShortPeers();

    [GeneratedRegex("""(?<![\w.])\d{1,3}(\.\d{1,3}){3}(?![\w.]*\.\d)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Ipv4();

    [GeneratedRegex("""(?<![\w:])[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?![\w:])""", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Ipv6();

    [GeneratedRegex(
        """(?<![\w.-])([A-Za-z0-9](-?[A-Za-z0-9])*\.)+([a-z]{2,}|[A-Z]{3,})(?![\w-])""",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Hosts();

    [GeneratedRegex("""[A-Za-z0-9_+=]{20,}""", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Ids();
}
