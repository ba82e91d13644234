using System.Net;
using System.Net.Sockets;
using DhtTracer.Libp2p.Dns;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>An address that can be dialed.</summary>
internal readonly record struct DialTarget(Multiaddr Address, IPEndPoint EndPoint);

/// <summary>
/// Resolves the addresses of a peer to ones that can be dialed: looks up names (<c>/dns4</c>, <c>/dnsaddr</c>, ...) and filters out
/// addresses that are not plain TCP, belong to another peer, or lead into a private network.
/// </summary>
internal sealed class AddressResolver(Func<string, CancellationToken, Task<IReadOnlyList<string>>> resolveText)
{
    /// <summary>Maximum number of addresses that one dial tries.</summary>
    public const int MaxTargets = 16;

    private const int MaxDepth = 4;
    private const int MaxAddresses = 128;
    private const string DnsAddrPrefix = "dnsaddr=";

    /// <summary>Resolves addresses. Also returns the unusable addresses, with the reason.</summary>
    public async Task<(IReadOnlyList<DialTarget> Targets, IReadOnlyList<DialAttempt> Unusable)> ResolveAsync(
        IEnumerable<Multiaddr> addresses,
        PeerId? peer,
        bool allowPrivate,
        CancellationToken cancellationToken
    )
    {
        var targets = new List<DialTarget>();
        var unusable = new List<DialAttempt>();
        var pending = new Queue<(Multiaddr Address, int Depth)>(addresses.Take(MaxAddresses).Select(address => (address, 0)));
        var seen = new HashSet<Multiaddr>();
        while (pending.TryDequeue(out var next) && seen.Count < MaxAddresses)
        {
            var address = next.Address;
            if (!seen.Add(address))
            {
                continue;
            }

            if (peer is { } wanted && address.PeerId is { } named && named != wanted)
            {
                unusable.Add(Unusable(address, "the address is that of another peer"));
            }
            else if (address.TryGetTcpEndPoint(out var endPoint))
            {
                Add(address, endPoint);
            }
            else if (next.Depth < MaxDepth && address.TryGetTcpHost(out var host, out var port, out var family))
            {
                await ResolveHostAsync(address, host, port, family);
            }
            else if (
                next.Depth < MaxDepth
                && address.Components is [{ Protocol: { } first } name, ..]
                && first == MultiaddrProtocol.DnsAddr
            )
            {
                await ResolveDnsAddrAsync(address, name.ValueText, next.Depth);
            }
            else
            {
                unusable.Add(Unusable(address, next.Depth >= MaxDepth ? "names lead to names without end" : "only plain TCP is supported"));
            }
        }

        return (targets, unusable);

        void Add(Multiaddr address, IPEndPoint endPoint)
        {
            if (!allowPrivate && !IpScope.IsPublic(endPoint.Address))
            {
                unusable.Add(Unusable(address, "private and loopback addresses are not allowed"));
            }
            else if (endPoint.Port == 0)
            {
                unusable.Add(Unusable(address, "port 0 cannot be dialed"));
            }
            else if (targets.Count < MaxTargets && !targets.Exists(target => target.EndPoint.Equals(endPoint)))
            {
                targets.Add(new DialTarget(Multiaddr.FromTcp(endPoint), endPoint));
            }
        }

        async Task ResolveHostAsync(Multiaddr address, string host, int port, MultiaddrProtocol family)
        {
            try
            {
                var only =
                    family == MultiaddrProtocol.Dns4 ? AddressFamily.InterNetwork
                    : family == MultiaddrProtocol.Dns6 ? AddressFamily.InterNetworkV6
                    : AddressFamily.Unspecified;
                foreach (var ip in await System.Net.Dns.GetHostAddressesAsync(host, only, cancellationToken))
                {
                    Add(address, new IPEndPoint(ip, port));
                }
            }
            catch (SocketException e)
            {
                unusable.Add(Unusable(address, $"{host} was not resolved: {e.Message}"));
            }
        }

        async Task ResolveDnsAddrAsync(Multiaddr address, string domain, int depth)
        {
            try
            {
                foreach (var text in await resolveText("_dnsaddr." + domain, cancellationToken))
                {
                    // Records of other peers can be under the same name. That is not an error, so skip them.
                    if (
                        text.StartsWith(DnsAddrPrefix, StringComparison.Ordinal)
                        && Multiaddr.TryParse(text[DnsAddrPrefix.Length..], out var found)
                        && (address.PeerId is not { } suffix || found.PeerId == suffix)
                        && (peer is not { } meant || found.PeerId is not { } id || id == meant)
                    )
                    {
                        pending.Enqueue((found, depth + 1));
                    }
                }
            }
            catch (DnsException e)
            {
                unusable.Add(Unusable(address, $"{domain} was not resolved: {e.Message}"));
            }
        }
    }

    private static DialAttempt Unusable(Multiaddr address, string why) => new(address, TimeSpan.Zero, Tried: false, DialError.NoRoute, why);
}
