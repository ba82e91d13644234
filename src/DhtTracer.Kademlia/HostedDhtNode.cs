using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Kademlia.Server;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>A DHT node and its libp2p host.</summary>
public sealed class HostedDhtNode : IAsyncDisposable
{
    private readonly KadStreamHandler _handler;

    private HostedDhtNode(Libp2pHost host, DhtNode dht, KadStreamHandler handler)
    {
        Host = host;
        Dht = dht;
        _handler = handler;
    }

    /// <summary>Bootstrap peers of the public IPFS network.</summary>
    public static IReadOnlyList<string> AminoBootstrapPeers { get; } =
    [
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN",
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa",
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb",
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt",
        "/ip4/104.131.131.82/tcp/4001/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ",
    ];

    /// <summary>Connections and identities.</summary>
    public Libp2pHost Host { get; }

    public DhtNode Dht { get; }

    /// <summary>Requests received so far.</summary>
    public long RequestsReceived => _handler.Requests;

    /// <summary>Starts a node. When this returns, the node listens and, in server mode, answers. It knows no peers yet.</summary>
    /// <param name="hostOptions">Options of the host. The node uses the host's clock.</param>
    /// <param name="dhtOptions">Options of the DHT; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="DhtOptionsException">An option is out of range.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">An address is in use, or does not belong to this machine.</exception>
    public static Task<HostedDhtNode> StartAsync(
        Libp2pHostOptions hostOptions,
        DhtOptions? dhtOptions = null,
        CancellationToken cancellationToken = default
    ) => StartAsync(hostOptions, dhtOptions, server => new KadResponder(server), cancellationToken);

    /// <summary>Parses a bootstrap peer: a multiaddr that ends in <c>/p2p/</c> and a peer id.</summary>
    /// <exception cref="FormatException">The text is not such an address.</exception>
    public static KadPeer ParsePeer(string address)
    {
        return Multiaddr.TryParse(address, out var parsed) && parsed.PeerId is { } peer
            ? new KadPeer(peer, [parsed.WithoutPeerId()])
            : throw new FormatException(
                $"'{address}' is no address of a peer: it must end in /p2p/ and a peer id, as in /ip4/127.0.0.1/tcp/4001/p2p/12D3KooW…"
            );
    }

    /// <summary>Stops the DHT, then the host.</summary>
    public async ValueTask DisposeAsync()
    {
        await Dht.DisposeAsync();
        await Host.DisposeAsync();
    }

    internal static async Task<HostedDhtNode> StartAsync(
        Libp2pHostOptions hostOptions,
        DhtOptions? dhtOptions,
        Func<KadServer, IKadResponder> respond,
        CancellationToken cancellationToken
    )
    {
        dhtOptions ??= new DhtOptions();
        dhtOptions.Validate();
        var host = await Libp2pHost.StartAsync(hostOptions, cancellationToken);
        var dht = new DhtNode(new HostDhtNetwork(host, dhtOptions), dhtOptions, hostOptions.Time);
        var handler = new KadStreamHandler(respond(dht.Server), dhtOptions.MessageLimits, hostOptions.Time);
        host.Identified += (_, identified) =>
        {
            var info = identified.Info;
            if (info.Protocols.Contains(dhtOptions.Protocol) && info.Addresses.Count > 0)
            {
                dht.Offer(new KadPeer(info.Peer, info.Addresses));
            }
        };
        if (dhtOptions.Mode == DhtMode.Server)
        {
            host.SetProtocolHandler(dhtOptions.Protocol, handler.ServeAsync);
        }

        return new HostedDhtNode(host, dht, handler);
    }
}
