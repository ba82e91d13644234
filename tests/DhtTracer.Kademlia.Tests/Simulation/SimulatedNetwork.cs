using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Kademlia.Records;
using DhtTracer.Kademlia.Routing;
using DhtTracer.Kademlia.Server;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Simulation;

/// <summary>
/// A network of peers whose routing tables hold, for each common prefix length, up to k random ones of the peers that exist: what
/// Kademlia arrives at. Tables are made when a peer is first asked, so that ten thousand peers cost only what is touched.
/// </summary>
public sealed class SimulatedNetwork
{
    private readonly VirtualTime _time;
    private readonly int _seed;
    private readonly SimulatedPeer[] _sorted;
    private readonly Dictionary<PeerId, SimulatedPeer> _byId;
    private readonly RecordValidator _validator;

    public SimulatedNetwork(VirtualTime time, int count, int seed = 1, int k = 20, RecordValidator? validator = null)
    {
        _time = time;
        _seed = seed;
        K = k;
        var random = new Random(seed);
        Peers = [.. Enumerable.Range(0, count).Select(index => new SimulatedPeer(index, RandomPeerId(random), AddressOf(index)))];
        foreach (var peer in Peers)
        {
            peer.Latency = TimeSpan.FromMilliseconds(random.Next(5, 80));
        }

        var zero = KadId.FromBytes(new byte[32]);
        _sorted = [.. Peers];
        Array.Sort(_sorted, (x, y) => zero.CompareDistance(x.KadId, y.KadId));
        _byId = Peers.ToDictionary(peer => peer.Id);
        _validator = validator ?? new RecordValidator([new PublicKeyNamespace(), new TestNamespace()]);
    }

    public int K { get; }

    public IReadOnlyList<SimulatedPeer> Peers { get; }

    /// <summary>Stands between the nodes that are created from now on and this network.</summary>
    public Func<IDhtNetwork, IDhtNetwork> Watch { get; set; } = network => network;

    public static PeerId RandomPeerId(Random random)
    {
        // A peer id that holds an Ed25519 public key; nobody proves anything here.
        var bytes = new byte[38];
        random.NextBytes(bytes);
        new byte[] { 0, 36, 8, 1, 18, 32 }.CopyTo(bytes, 0);
        return PeerId.TryParse(bytes, out var id) ? id : throw new InvalidOperationException();
    }

    public SimulatedPeer? Find(PeerId id) => _byId.GetValueOrDefault(id);

    /// <summary>The exact answer: the closest of all peers but one.</summary>
    public IReadOnlyList<PeerId> TrueClosest(KadId target, int count, PeerId? but = null, Func<SimulatedPeer, bool>? where = null) =>
        [
            .. Peers
                .Where(peer => peer.Id != but && (where?.Invoke(peer) ?? true))
                .OrderBy(peer => peer.KadId, Comparer<KadId>.Create(target.CompareDistance))
                .Take(count)
                .Select(peer => peer.Id),
        ];

    /// <summary>A node of this network, with the routing table and place of one of its peers.</summary>
    public DhtNode CreateNode(int index, DhtOptions? options = null)
    {
        var self = Peers[index];
        var node = new DhtNode(
            Watch(new Endpoint(this, self)),
            options ?? new DhtOptions { Lookup = new LookupParameters(K: K) },
            _time,
            _validator
        );
        foreach (var peer in Prepare(self).Table!.Peers())
        {
            node.RoutingTable.Add(peer, _time.GetUtcNow());
        }

        return node;
    }

    /// <summary>A node that knows nobody but those given.</summary>
    public DhtNode CreateNode(DhtOptions? options, params IEnumerable<SimulatedPeer> seeds)
    {
        var self = new SimulatedPeer(-1, RandomPeerId(new Random(_seed + 12345)), AddressOf(200_000));
        var node = new DhtNode(Watch(new Endpoint(this, self)), options, _time, _validator);
        foreach (var seed in seeds)
        {
            node.RoutingTable.Add(seed.AsKadPeer, _time.GetUtcNow());
        }

        return node;
    }

    public SimulatedPeer Prepare(SimulatedPeer peer)
    {
        if (peer.Server is null)
        {
            peer.Table = new RoutingTable(peer.Id, K);
            FillTable(peer);
            peer.Providers = new ProviderStore(_time, TimeSpan.FromHours(48));
            peer.Values = new ValueStore(_validator, _time, TimeSpan.FromHours(48));
            peer.Server = new KadServer(peer.Id, () => [peer.Address], peer.Table, peer.Providers, peer.Values);
        }

        return peer;
    }

    private static Multiaddr AddressOf(int index) => Multiaddr.Parse($"/ip4/10.{index / 65536}.{index / 256 % 256}.{index % 256}/tcp/4001");

    private void FillTable(SimulatedPeer peer)
    {
        var random = new Random((_seed * 1_000_003) + peer.Index);
        var bits = peer.KadId.ToBytes();
        var (low, high) = (0, _sorted.Length);
        for (var depth = 0; depth < KadId.Bits && high - low > 1; depth++)
        {
            var middle = FirstWithBit(low, high, depth);
            var bit = (bits[depth / 8] >> (7 - (depth % 8))) & 1;
            var (otherLow, otherHigh) = bit == 1 ? (low, middle) : (middle, high);
            (low, high) = bit == 1 ? (middle, high) : (low, middle);
            var others = _sorted[otherLow..otherHigh];
            random.Shuffle(others);
            foreach (var other in others.Take(K))
            {
                peer.Table!.Add(other.AsKadPeer, _time.GetUtcNow());
            }
        }
    }

    private int FirstWithBit(int low, int high, int depth)
    {
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (((_sorted[middle].KadId.ToBytes()[depth / 8] >> (7 - (depth % 8))) & 1) == 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private sealed class Endpoint(SimulatedNetwork network, SimulatedPeer self) : IDhtNetwork
    {
        private readonly Dictionary<PeerId, Connection> _connections = [];

        public PeerId LocalPeer => self.Id;

        public IReadOnlyList<Multiaddr> LocalAddresses => [self.Address];

        public IDhtConnection? FindConnection(PeerId peer) => _connections.GetValueOrDefault(peer);

        public async Task<DialResult> DialAsync(PeerId peer, IReadOnlyList<Multiaddr> addresses, CancellationToken cancellationToken)
        {
            var remote = network.Find(peer);
            var tried = new DialResult
            {
                Address = addresses.Count > 0 ? addresses[0].ToString() : null,
                AddressesTried = addresses.Count,
                Transport = "tcp",
            };
            if (remote is null || remote.Fault == Fault.NeverConnects)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, network._time, cancellationToken);
            }

            await Task.Delay(remote!.Latency * 2, network._time, cancellationToken);
            if (remote.Fault == Fault.Refuses)
            {
                return tried with { Error = new DhtError(ErrorClass.DialRefused, "connection refused") };
            }

            var connection = new Connection(network, self.Id, remote);
            _connections[peer] = connection;
            return tried with { Connection = connection };
        }
    }

    private sealed class Connection(SimulatedNetwork network, PeerId self, SimulatedPeer remote) : IDhtConnection
    {
        private readonly Random _random = new(remote.Index);

        public string? Agent => "simulated/1";

        public IReadOnlyList<string>? Protocols => [DhtOptions.AminoProtocol];

        public string? Address => remote.Address.ToString();

        public async Task<RequestResult> RequestAsync(KadMessage request, CancellationToken cancellationToken)
        {
            remote.Requests++;
            if (remote.Fault == Fault.BlackHole || (remote.Fault == Fault.DropsHalf && _random.Next(2) == 0))
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, network._time, cancellationToken);
            }

            await Task.Delay(remote.Latency * 2, network._time, cancellationToken);
            if (remote.Fault == Fault.Resets || (remote.Fault == Fault.RefusesPing && request.Type == MessageType.Ping))
            {
                return new RequestResult(null, new DhtError(ErrorClass.Reset, "stream reset"));
            }

            if (remote.Fault == Fault.RefusesProtocol)
            {
                return new RequestResult(null, new DhtError(ErrorClass.ProtocolNotSupported, "na"));
            }

            // Through the wire format, as on a real network.
            var limits = KadMessageLimits.Default;
            KadMessage? answer;
            try
            {
                answer = network.Prepare(remote).Server!.Answer(KadMessageCodec.Decode(KadMessageCodec.Encode(request), limits), self);
            }
            catch (KadRefusedException refused)
            {
                return new RequestResult(null, new DhtError(ErrorClass.Reset, refused.Message));
            }

            return new RequestResult(answer is null ? null : KadMessageCodec.Decode(KadMessageCodec.Encode(Distort(answer)), limits), null);
        }

        private KadMessage Distort(KadMessage answer) =>
            remote.Fault switch
            {
                Fault.AnswersNonsense => answer with { Type = MessageType.Ping },
                Fault.NamesDeadPeers => answer with
                {
                    CloserPeers = [.. answer.CloserPeers.Select(_ => new KadPeer(RandomPeerId(_random), [remote.Address]))],
                },
                Fault.NamesPeersTwice => answer with { CloserPeers = [.. answer.CloserPeers, .. answer.CloserPeers] },
                Fault.ReturnsBadRecords when answer.Type == MessageType.GetValue => answer with
                {
                    Record = new KadRecord(answer.Key, "bad"u8.ToArray()),
                },
                _ => answer,
            };
    }
}
