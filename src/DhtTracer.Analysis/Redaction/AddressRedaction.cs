using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DhtTracer.Analysis.Redaction;

/// <summary>
/// Replaces what identifies a host in multiaddrs. The class of an IP address (public, private, loopback, link-local; v4 or v6), the
/// transports and a relay stay. The same host has the same replacement.
/// </summary>
/// <param name="secret">What the replacements follow from.</param>
internal sealed class AddressRedaction(RedactionSecret secret)
{
    /// <summary>Ports that so many nodes use that they identify none.</summary>
    private static readonly string[] CommonPorts = ["4001", "443", "80"];

    /// <summary>Protocols of multiaddrs without a value, or whose value is left out.</summary>
    private static readonly HashSet<string> Kept = new(StringComparer.Ordinal)
    {
        "quic",
        "quic-v1",
        "ws",
        "wss",
        "tls",
        "http",
        "https",
        "noise",
        "webtransport",
        "webrtc",
        "webrtc-direct",
        "p2p-circuit",
        "utp",
    };

    /// <summary>A multiaddr whose hosts, ports and peer ids were replaced: <c>/ip4/203.0.113.77/udp/4001/quic-v1</c>.</summary>
    public string Multiaddr(string text)
    {
        var parts = text.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var redacted = new StringBuilder();
        for (var i = 0; i < parts.Length; i++)
        {
            var value = i + 1 < parts.Length ? parts[i + 1] : "";
            switch (parts[i])
            {
                case "ip4" or "ip6":
                    redacted.Append('/').Append(parts[i]).Append('/').Append(Ip(value));
                    i++;
                    break;
                case "dns" or "dns4" or "dns6" or "dnsaddr":
                    redacted.Append('/').Append(parts[i]).Append('/').Append(Host(value));
                    i++;
                    break;
                case "tcp" or "udp":
                    redacted
                        .Append('/')
                        .Append(parts[i])
                        .Append('/')
                        .Append(CommonPorts.Contains(value, StringComparer.Ordinal) ? value : "0");
                    i++;
                    break;
                case var name when Kept.Contains(name):
                    redacted.Append('/').Append(name);
                    break;
            }
        }

        return redacted.Length == 0 ? "/" : redacted.ToString();
    }

    /// <summary>The replacement of a host name.</summary>
    public string Host(string name) => secret.Word("host", name) + ".invalid";

    /// <summary>The replacement of an IP address, of the same class.</summary>
    public string Ip(string text)
    {
        if (!IPAddress.TryParse(text, out var address))
        {
            return Host(text);
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return $"::ffff:{Ip(address.MapToIPv4().ToString())}";
        }

        var hash = secret.Hash("ip", text);
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return IPAddress.IsLoopback(address) || address.Equals(IPAddress.IPv6Any)
                ? address.ToString()
                : $"{V6Net(address)}{hash[0]:x2}{hash[1]:x2}:{hash[2]:x2}{hash[3]:x2}";
        }

        var bytes = address.GetAddressBytes();
        return bytes switch
        {
            [0, 0, 0, 0] => "0.0.0.0",
            [127, ..] => $"127.255.{hash[0]}.{hash[1]}",
            [10, ..] or [172, >= 16 and <= 31, ..] or [192, 168, ..] => $"10.255.{hash[0]}.{hash[1]}",
            [100, >= 64 and <= 127, ..] => $"100.127.{hash[0]}.{hash[1]}",
            [169, 254, ..] => $"169.254.{hash[0]}.{hash[1]}",

            // The block for benchmarks (RFC 2544), because that for documentation has only 256 addresses.
            _ => $"198.18.{hash[0]}.{hash[1]}",
        };
    }

    private static string V6Net(IPAddress address) =>
        address.IsIPv6LinkLocal ? "fe80::"
        : address.IsIPv6UniqueLocal ? "fd00::"
        : "2001:db8::";
}
