using System.Text;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.EndToEnd.Tests.Truth;

/// <summary>
/// What is emitted equals what is shown, over real TCP: queries of every operation in a local network with every fault, some of its nodes
/// dying on the way; each field against what the lookup did, each dial and request within the span that shows it.
/// </summary>
public sealed class LocalNetworkTruthTests(ShownQueries shown) : IClassFixture<ShownQueries>
{
    private static readonly DhtOptions Options = new()
    {
        RefreshInterval = Timeout.InfiniteTimeSpan,
        DialTimeout = TimeSpan.FromMilliseconds(500),
        RequestTimeout = TimeSpan.FromMilliseconds(500),
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_field_of_every_query_is_what_happened()
    {
        var faults = Enum.GetValues<NodeFault>()
            .Where(fault => fault != NodeFault.None)
            .Select(fault => new FaultShare(fault, 0.05) { Latency = TimeSpan.FromMilliseconds(40) });
        var options = new LocalNetworkOptions
        {
            Count = 60,
            Seed = 7,
            Faults = [.. faults],
            Dht = Options with { Traced = false },
        };
        await using var network = await LocalNetwork.StartAsync(options, cancellationToken: Token);
        Assert.Equal(Enum.GetValues<NodeFault>(), network.Nodes.Select(node => node.Fault).Distinct().Order());
        var runs = (await Task.WhenAll(Enumerable.Range(0, 6).Select(number => RunAsync(network, number))))
            .SelectMany(list => list)
            .ToList();

        shown.Send();
        foreach (var run in runs)
        {
            await shown.AssertShownAsync(run.Truth, run.Result, run.KeyText, Token);
            run.Network.AssertShown(await shown.ReadAsync(run.Result.Span!.Value, Token), run.StartedAt, run.Truth.BegunAt, exact: false);
        }

        Assert.Equal(6 * 3 * 12, runs.Count);
        Assert.Equal(
            Enum.GetValues<QueryType>().Where(type => type != QueryType.Unknown),
            runs.Select(run => run.Truth.Query.Type).Distinct().Order()
        );
        Assert.Superset(
            new HashSet<string>(["dial-refused", "dial-timeout", "request-timeout", "protocol-not-supported"]),
            runs.SelectMany(run => run.Truth.Peers)
                .SelectMany(peer => peer.Dials.Select(dial => dial.Error).Concat(peer.Requests.Select(request => request.Error)))
                .OfType<DhtError>()
                .Select(error => error.Class)
                .ToHashSet()
        );
    }

    /// <summary>Three rounds, each of a new node: what the first has learned about the dead, the next meets again.</summary>
    private static async Task<List<Run>> RunAsync(LocalNetwork network, int number)
    {
        var runs = new List<Run>();
        for (var round = 0; round < 3; round++)
        {
            await using var node = await Node.StartAsync(network);
            var random = new Random((number * 100) + round);
            var there = network.Nodes[random.Next(network.Nodes.Count)];
            var gone = Identity.Create().PeerId;
            var content = Cid.CreateV1(Cid.Raw, Multihash.OfSha256(Encoding.ASCII.GetBytes($"content {number} {round}")));
            var value = $"/v/{number}-{round}";
            var key = new byte[32];
            random.NextBytes(key);
            await AddAsync(there.Peer.Id.ToString(), o => node.Dht.FindPeerAsync(there.Peer.Id, o, Token));
            await AddAsync(gone.ToString(), o => node.Dht.FindPeerAsync(gone, o, Token));
            await AddAsync(content.ToString(), o => node.Dht.GetProvidersAsync(content, o, Token));
            await AddAsync(content.ToString(), o => node.Dht.AddProviderAsync(content, o, Token));
            await AddAsync(content.ToString(), o => node.Dht.GetProvidersAsync(content, o, Token));
            await AddAsync(value, o => node.Dht.PutValueAsync(Encoding.ASCII.GetBytes(value), "1"u8.ToArray(), o, Token));
            await AddAsync(value, o => node.Dht.GetValueAsync(Encoding.ASCII.GetBytes(value), o, Token));
            await AddAsync("f" + Convert.ToHexStringLower(key), o => node.Dht.GetClosestPeersAsync(key, o, Token));
            await AddAsync(
                "f" + Convert.ToHexStringLower(key),
                o => node.Dht.GetClosestPeersAsync(key, o with { Timeout = TimeSpan.FromMilliseconds(random.Next(1, 40)) }, Token)
            );
            await AddAsync(there.Peer.Id.ToString(), o => node.Dht.PingAsync(there.Peer, o, Token));
            await AddAsync(gone.ToString(), o => node.Dht.PingAsync(new KadPeer(gone, there.Peer.Addresses), o, Token));

            // A node without a fault dies while others ask it.
            var victim = network.Nodes.Where(candidate => candidate.Fault == NodeFault.None).ElementAt(5 + (number * 3) + round);
            var killed = Task.CompletedTask;
            await AddAsync(
                there.Peer.Id.ToString(),
                o =>
                {
                    var query = node.Dht.GetClosestPeersAsync(there.Peer.Id.Bytes.ToArray(), o with { Background = true }, Token);
                    killed = victim.KillAsync();
                    return query;
                }
            );
            await killed;

            async Task AddAsync(string keyText, Func<QueryOptions, Task<QueryResult>> query)
            {
                var truth = new QueryWitness(TimeProvider.System);
                node.Network.Take();
                var startedAt = TimeProvider.System.GetTimestamp();
                var result = await query(new QueryOptions { Observers = [truth] });
                runs.Add(new Run(truth, result, keyText, startedAt, node.Network.Take()));
            }
        }

        return runs;
    }

    private sealed record Run(QueryWitness Truth, QueryResult Result, string KeyText, long StartedAt, NetworkRecord Network);

    /// <summary>A traced node that knows every peer and asks only.</summary>
    private sealed class Node : IAsyncDisposable
    {
        private readonly Libp2pHost _host;

        private Node(Libp2pHost host)
        {
            _host = host;
            Network = new NetworkWitness(new HostDhtNetwork(host, Options), TimeProvider.System);
            Dht = new DhtNode(Network, Options);
        }

        public NetworkWitness Network { get; }

        public DhtNode Dht { get; }

        public static async Task<Node> StartAsync(LocalNetwork network)
        {
            var node = new Node(
                await Libp2pHost.StartAsync(
                    new Libp2pHostOptions
                    {
                        Identity = Identity.Create(),
                        ListenAddresses = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")],
                        AllowPrivateAddresses = true,
                        DialBackoff = TimeSpan.FromSeconds(1),
                    },
                    Token
                )
            );
            foreach (var peer in network.Nodes)
            {
                node.Dht.Offer(peer.Peer);
            }

            return node;
        }

        public async ValueTask DisposeAsync()
        {
            await Dht.DisposeAsync();
            await _host.DisposeAsync();
        }
    }
}
