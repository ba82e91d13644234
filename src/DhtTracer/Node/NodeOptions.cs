using DhtTracer.Kademlia;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Node;

/// <summary>Options of a traced DHT node.</summary>
internal sealed record NodeOptions
{
    /// <summary>Port of the control server that tools of 2019 expect.</summary>
    public const int DefaultControlPort = 7000;

    /// <summary>Multiaddrs to listen on; empty for a node that only dials.</summary>
    /// <value>A free port of loopback: nobody else can reach a node unless its user says so.</value>
    public IReadOnlyList<string> Listen { get; init; } = ["/ip4/127.0.0.1/tcp/0"];

    /// <summary>Multiaddrs of peers to begin with, each ending in <c>/p2p/</c> and a peer id.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = HostedDhtNode.AminoBootstrapPeers;

    /// <summary>Options of the DHT.</summary>
    public DhtOptions Dht { get; init; } = new();

    /// <summary>File of the private key, made when it is not there; null for a new identity.</summary>
    public string? IdentityFile { get; init; }

    /// <summary>Dial private and loopback addresses too; null to do so when a bootstrap peer has one.</summary>
    public bool? AllowPrivateAddresses { get; init; }

    /// <summary>Name told by identify; null for the product's.</summary>
    public string? AgentVersion { get; init; }

    /// <summary>Port of the control server on 127.0.0.1; 0 for a free one, null for none.</summary>
    public int? ControlPort { get; init; } = DefaultControlPort;

    /// <summary>Origins, beside those of this machine, whose pages may use the control server.</summary>
    public IReadOnlyList<string> ControlOrigins { get; init; } = [];

    /// <summary>How long a peer that could not be dialed is left alone; zero for not at all.</summary>
    public TimeSpan DialBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where spans go.</summary>
    public SpanExportOptions Export { get; init; } = new();

    /// <summary>Address of the site, for permalinks.</summary>
    public Uri Site { get; init; } = new("http://127.0.0.1:5080");

    /// <summary>The bootstrap peers.</summary>
    /// <exception cref="FormatException">One is no address of a peer.</exception>
    public IReadOnlyList<KadPeer> BootstrapPeers() => [.. Bootstrap.Select(HostedDhtNode.ParsePeer)];

    /// <summary>
    /// What a user should know who joins a network of other machines with a node that they cannot reach; null when it can be reached, or
    /// the network is of this machine.
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

    /// <summary>Options of the libp2p host.</summary>
    /// <param name="onFault">Told of errors that reach no caller.</param>
    /// <exception cref="FormatException">A listen or bootstrap address is none.</exception>
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
