using DhtTracer.Kademlia;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Node;

/// <summary>Options of a traced DHT node.</summary>
internal sealed record NodeOptions
{
    /// <summary>Default port of the control server, as tools of 2019 expect.</summary>
    public const int DefaultControlPort = 7000;

    /// <summary>Multiaddrs to listen on; empty for a node that only dials.</summary>
    /// <value>A free port on loopback: others can reach the node only if the user says so.</value>
    public IReadOnlyList<string> Listen { get; init; } = ["/ip4/127.0.0.1/tcp/0"];

    /// <summary>Multiaddrs of bootstrap peers, each ending in <c>/p2p/</c> and a peer id.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = HostedDhtNode.AminoBootstrapPeers;

    public DhtOptions Dht { get; init; } = new();

    /// <summary>File of the private key, created if missing; null for a new identity.</summary>
    public string? IdentityFile { get; init; }

    /// <summary>Whether to dial private and loopback addresses; null to do so if a bootstrap peer has one.</summary>
    public bool? AllowPrivateAddresses { get; init; }

    /// <summary>Agent name sent by identify; null for the product's.</summary>
    public string? AgentVersion { get; init; }

    /// <summary>Port of the control server on 127.0.0.1; 0 for a free port, null for no server.</summary>
    public int? ControlPort { get; init; } = DefaultControlPort;

    /// <summary>Web origins that may use the control server, besides those of this machine.</summary>
    public IReadOnlyList<string> ControlOrigins { get; init; } = [];

    /// <summary>How long a peer that could not be dialed is not dialed again; zero for no wait.</summary>
    public TimeSpan DialBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where to send spans.</summary>
    public SpanExportOptions Export { get; init; } = new();

    /// <summary>Address of the site, for permalinks.</summary>
    public Uri Site { get; init; } = new("http://127.0.0.1:5080");

    /// <exception cref="FormatException">An address is not that of a peer.</exception>
    public IReadOnlyList<KadPeer> BootstrapPeers() => [.. Bootstrap.Select(HostedDhtNode.ParsePeer)];

    /// <summary>
    /// A remark for users who join a network of other machines with a node that these cannot reach. Null if the node can be reached, or the
    /// network is on this machine.
    /// </summary>
    public string? ReachNote =>
        Listen.Count > 0
        && Bootstrap.Count > 0
        && Listen
            .Select(ParseListen)
            .All(address => address.TryGetTcpEndPoint(out var endPoint) && System.Net.IPAddress.IsLoopback(endPoint.Address))
        && !BootstrapPeers().Any(peer => peer.Addresses.Any(IsPrivate))
            ? "the node listens on this machine only, so that others cannot reach it or what it provides; --listen "
                + "/ip4/0.0.0.0/tcp/4001 opens it"
            : null;

    /// <param name="onFault">Receives errors that reach no caller.</param>
    /// <exception cref="FormatException">A listen or bootstrap address is invalid.</exception>
    public Libp2pHostOptions HostOptions(Action<HostFault> onFault)
    {
        var host = new Libp2pHostOptions
        {
            Identity = IdentityFile is { } file ? Libp2p.Identities.IdentityFile.ReadOrCreate(file) : Identity.Create(),
            ListenAddresses = [.. Listen.Select(ParseListen)],
            DialBackoff = DialBackoff,
            AllowPrivateAddresses = AllowPrivateAddresses ?? BootstrapPeers().Any(peer => peer.Addresses.Any(IsPrivate)),
            OnFault = onFault,
        };
        return AgentVersion is { } agent ? host with { AgentVersion = agent } : host;
    }

    private static Multiaddr ParseListen(string text) =>
        Multiaddr.TryParse(text, out var address)
            ? address
            : throw new FormatException($"'{text}' is no address to listen on, as in /ip4/0.0.0.0/tcp/4001");

    private static bool IsPrivate(Multiaddr address) =>
        address.TryGetTcpEndPoint(out var endPoint)
        && (
            System.Net.IPAddress.IsLoopback(endPoint.Address)
            || endPoint.Address.GetAddressBytes() is [10, ..] or [192, 168, ..] or [172, >= 16 and < 32, ..] or [169, 254, ..]
        );
}
