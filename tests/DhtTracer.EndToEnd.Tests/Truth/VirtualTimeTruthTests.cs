using System.Text;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Network;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Multiformats;

namespace DhtTracer.EndToEnd.Tests.Truth;

/// <summary>
/// What is emitted equals what is shown, in virtual time: queries of every operation among peers with every fault, each field of
/// each against what the lookup did and what its network saw, to 100 ns.
/// </summary>
public sealed class VirtualTimeTruthTests(ShownQueries shown) : IClassFixture<ShownQueries>
{
    private static readonly LookupParameters[] Parameters =
    [
        new(),
        new(Alpha: 3, Beta: 3, K: 20),
        new(Alpha: 1, Beta: 1, K: 8),
        new(Alpha: 20, Beta: 10, K: 10),
    ];

    private readonly VirtualTime _time = new();
    private readonly List<Run> _runs = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Every_field_of_every_query_is_what_happened(int seed)
    {
        for (var i = 0; i < 8; i++)
        {
            var random = new Random((seed * 1000) + i);
            var network = FaultyNetwork(random.Next(), peers: 40 + (30 * i));
            var options = new DhtOptions { Lookup = Parameters[i % Parameters.Length] };
            var content = Cid.CreateV1(Cid.Raw, Multihash.OfSha256(Encoding.ASCII.GetBytes($"content {seed} {i}")));
            var value = Encoding.ASCII.GetBytes($"/v/{seed}-{i}");
            HoldOldAndNewValues(network, value, random);
            var node = new Peer(network, random.Next(network.Peers.Count), options, _time);
            var key = new byte[32];
            random.NextBytes(key);
            var (there, gone) = (network.Peers[random.Next(network.Peers.Count)].Id, SimulatedNetwork.RandomPeerId(random));

            Add(node, there.ToString(), (dht, o) => dht.FindPeerAsync(there, o, Token));
            Add(node, gone.ToString(), (dht, o) => dht.FindPeerAsync(gone, o, Token));
            Add(node, content.ToString(), (dht, o) => dht.GetProvidersAsync(content, o, Token));
            Add(node, content.ToString(), (dht, o) => dht.AddProviderAsync(content, o, Token));
            Add(
                new Peer(network, random.Next(network.Peers.Count), options, _time),
                content.ToString(),
                (dht, o) => dht.GetProvidersAsync(content, o, Token)
            );
            Add(node, Encoding.ASCII.GetString(value), (dht, o) => dht.GetValueAsync(value, o with { Count = 0 }, Token));
            Add(
                node,
                Encoding.ASCII.GetString(value) + "x",
                (dht, o) => dht.PutValueAsync(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(value) + "x"), "1"u8.ToArray(), o, Token)
            );
            Add(node, "/v/nobody", (dht, o) => dht.GetValueAsync("/v/nobody"u8.ToArray(), o, Token));
            Add(node, "f" + Convert.ToHexStringLower(key), (dht, o) => dht.GetClosestPeersAsync(key, o, Token));
            Add(node, there.ToString(), (dht, o) => dht.GetClosestPeersAsync(there.Bytes.ToArray(), o with { Background = true }, Token));

            // Again over the connections that are now open; cut off by the deadline, and by the caller; by nodes that know nobody, and
            // nobody alive.
            Add(node, "f" + Convert.ToHexStringLower(key), (dht, o) => dht.GetClosestPeersAsync(key, o, Token));
            var cut = new Peer(network, random.Next(network.Peers.Count), options, _time);
            Add(
                cut,
                "f" + Convert.ToHexStringLower(key),
                (dht, o) => dht.GetClosestPeersAsync(key, o with { Timeout = TimeSpan.FromMilliseconds(random.Next(1, 400)) }, Token)
            );
            Add(
                cut,
                content.ToString(),
                (dht, o) => dht.AddProviderAsync(content, o with { Timeout = TimeSpan.FromMilliseconds(random.Next(100, 900)) }, Token)
            );
            using var caller = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(50, 300)), _time);
            Add(cut, there.ToString(), (dht, o) => dht.GetClosestPeersAsync(there.Bytes.ToArray(), o, caller.Token));
            Add(new Peer(network, options, _time), there.ToString(), (dht, o) => dht.FindPeerAsync(there, o, Token));
            Add(
                new Peer(network, options, _time, [.. network.Peers.Where(peer => peer.Fault == Fault.Refuses)]),
                there.ToString(),
                (dht, o) => dht.FindPeerAsync(there, o, Token)
            );
            foreach (var fault in Enum.GetValues<Fault>())
            {
                var peer = network.Peers.First(candidate => candidate.Fault == fault);
                Add(cut, peer.Id.ToString(), (dht, o) => dht.PingAsync(peer.AsKadPeer, o, Token));
            }
        }

        shown.Send();
        foreach (var run in _runs)
        {
            await shown.AssertShownAsync(run.Truth, run.Result, run.KeyText, Token);
            run.Network.AssertShown(await shown.ReadAsync(run.Result.Span!.Value, Token), run.StartedAt, run.Truth.BegunAt, exact: true);
        }

        // A comparison that meets no failure compares little.
        Assert.Equal(28 * 8, _runs.Count);
        Assert.Equal(
            Enum.GetValues<QueryType>().Where(type => type != QueryType.Unknown),
            _runs.Select(run => run.Truth.Query.Type).Distinct().Order()
        );
        Assert.Equal(
            Enum.GetValues<QueryOutcome>().Except([QueryOutcome.Incomplete, QueryOutcome.Unknown]),
            _runs.Select(run => run.Truth.End.Outcome).Distinct().Order()
        );
        Assert.Equal(
            Enum.GetValues<QueryTermination>(),
            _runs.Select(run => run.Truth.Termination).OfType<QueryTermination>().Distinct().Order()
        );
        Assert.Superset(
            new HashSet<string>([
                "dial-refused",
                "dial-timeout",
                "request-timeout",
                "reset",
                "protocol-not-supported",
                "bad-answer",
                "cancelled",
            ]),
            _runs
                .SelectMany(run => run.Truth.Peers)
                .SelectMany(peer => peer.Dials.Select(dial => dial.Error).Concat(peer.Requests.Select(request => request.Error)))
                .OfType<DhtError>()
                .Select(error => error.Class)
                .ToHashSet()
        );
    }

    private SimulatedNetwork FaultyNetwork(int seed, int peers)
    {
        var network = new SimulatedNetwork(_time, peers, seed);
        var faults = Enum.GetValues<Fault>();
        foreach (var peer in network.Peers.Where(peer => peer.Index % 2 == 1))
        {
            peer.Fault = faults[peer.Index / 2 % faults.Length];
        }

        return network;
    }

    private static void HoldOldAndNewValues(SimulatedNetwork network, byte[] key, Random random)
    {
        foreach (var holder in network.TrueClosest(KadId.Of(key), 20).Select(id => network.Prepare(network.Find(id)!)))
        {
            Assert.Null(holder.Values!.Put(key, random.Next(3) == 0 ? "new"u8 : "a-old"u8));
        }
    }

    private void Add(Peer node, string keyText, Func<DhtNode, QueryOptions, Task<QueryResult>> query)
    {
        // Whom it has just seen, a node does not ask whether it is alive: nothing but the query is on the network.
        foreach (var known in node.Dht.RoutingTable.Peers())
        {
            node.Dht.RoutingTable.Add(known, _time.GetUtcNow());
        }

        var truth = new QueryWitness(_time);
        node.Network.Take();
        var startedAt = _time.GetTimestamp();
        var result = _time.Run(() => query(node.Dht, new QueryOptions { Observers = [truth] }));
        _runs.Add(new Run(truth, result, keyText, startedAt, node.Network.Take()));
    }

    private sealed record Run(QueryWitness Truth, QueryResult Result, string KeyText, long StartedAt, NetworkRecord Network);

    private sealed class Peer
    {
        public Peer(SimulatedNetwork network, int index, DhtOptions options, VirtualTime time)
            : this(network, time, () => network.CreateNode(index, options)) { }

        public Peer(SimulatedNetwork network, DhtOptions options, VirtualTime time, params SimulatedPeer[] known)
            : this(network, time, () => network.CreateNode(options, known)) { }

        private Peer(SimulatedNetwork network, VirtualTime time, Func<DhtNode> create)
        {
            network.Watch = inner => Network = new NetworkWitness(inner, time);
            Dht = create();
        }

        public DhtNode Dht { get; }

        public NetworkWitness Network { get; private set; } = null!;
    }
}
