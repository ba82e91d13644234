using System.Globalization;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>Counts the local and the public addresses in answers.</summary>
/// <param name="Local">Private, loopback, link-local and unique local addresses.</param>
/// <param name="Public">All other IP addresses. DNS names are in neither count.</param>
internal readonly record struct GoAddressScope(int Local, int Public)
{
    /// <summary>Most addresses that are counted; enough to see which kind is the majority.</summary>
    private const int Most = 5_000;

    /// <summary>Adds the addresses of a request's answer.</summary>
    public GoAddressScope With(Span request)
    {
        var scope = this;
        foreach (var attribute in (ReadOnlySpan<string>)["peers", "provs", "closestPeers"])
        {
            foreach (var text in request.Strings(attribute) ?? [])
            {
                if (scope.Local + scope.Public >= Most)
                {
                    return scope;
                }

                scope = scope.With(text);
            }
        }

        return scope;
    }

    /// <summary>Adds the addresses in a text such as <c>{12D3KooW…: [/ip4/11.1.0.1/tcp/4001 /ip6/fd00::1/tcp/4001]}</c>.</summary>
    public GoAddressScope With(ReadOnlySpan<char> text)
    {
        var (local, global) = (Local, Public);
        while (text.IndexOf("/ip", StringComparison.Ordinal) is var at and >= 0)
        {
            text = text[(at + 3)..];
            if (text is not (['4' or '6', '/', ..]))
            {
                continue;
            }

            var is4 = text[0] == '4';
            text = text[2..];
            var end = text.IndexOfAny("/ ]");
            var address = end < 0 ? text : text[..end];
            if (is4 ? IsLocal4(address) : IsLocal6(address))
            {
                local++;
            }
            else
            {
                global++;
            }
        }

        return new GoAddressScope(local, global);
    }

    /// <summary>What go-multiaddr calls private: RFC 1918, RFC 6598 (carrier-grade NAT), loopback and link-local.</summary>
    private static bool IsLocal4(ReadOnlySpan<char> address)
    {
        var dot = address.IndexOf('.');
        if (dot < 0 || !TryByte(address[..dot], out var first))
        {
            return false;
        }

        var rest = address[(dot + 1)..];
        var next = rest.IndexOf('.');
        return TryByte(next < 0 ? rest : rest[..next], out var second)
            && (first is 10 or 127 || (first, second) is (192, 168) or (169, 254) or (172, >= 16 and <= 31) or (100, >= 64 and <= 127));
    }

    /// <summary>Loopback, fc00::/7 and fe80::/10.</summary>
    private static bool IsLocal6(ReadOnlySpan<char> address) =>
        address is "::1"
        || (
            address.Length >= 4
            && ushort.TryParse(address[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var group)
            && ((group & 0xfe00) == 0xfc00 || (group & 0xffc0) == 0xfe80)
        );

    private static bool TryByte(ReadOnlySpan<char> text, out byte value) =>
        byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
