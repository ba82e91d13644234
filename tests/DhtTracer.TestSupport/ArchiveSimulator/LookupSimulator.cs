using System.Buffers.Binary;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.TestSupport.ArchiveSimulator;

/// <summary>A simulated lookup and what is true of it.</summary>
public sealed record SimulatedLookup
{
    public required QueryType Type { get; init; }

    public required QueryKey Key { get; init; }

    public required KadId Target { get; init; }

    public int Alpha { get; init; } = 10;

    public int Beta { get; init; } = 3;

    public int K { get; init; } = 20;

    public long DialTimeoutNs { get; init; } = 5_000_000_000;

    public long RequestTimeoutNs { get; init; } = 10_000_000_000;

    /// <summary>Peers connected before, by share.</summary>
    public double Connected { get; init; } = 0.3;

    /// <summary>The node's own time between an answer and what it does next, at most.</summary>
    public long ReactionNs { get; init; } = 40_000;

    /// <summary>Providers that a get-providers is content with; the K closest peers to the key hold one each for the first
    /// <see cref="Providers"/>.</summary>
    public int WantedProviders { get; init; } = 1;

    public int Providers { get; init; } = 3;

    public ulong StartUnixNano { get; init; } = 1_795_000_000_000_000_000;

    /// <summary>Latencies of a peer depend on this and the peer alone, so that another alpha meets the same ones.</summary>
    public required int Seed { get; init; }
}

/// <summary>
/// Runs lookups by the rules of the native node over a simulated network, one moment after the other, and writes down what an analysis
/// should find. Written on its own, without anything of the analysis but the model.
/// </summary>
public sealed class LookupSimulator(SimulatedNetwork network)
{
    private const int AnswerSize = 20;

    private readonly Dictionary<int, Row> _rows = [];
    private readonly List<int> _order = [];
    private readonly List<Flight> _flights = [];
    private SimulatedLookup _lookup = null!;
    private Random _reactions = new(0);
    private HashSet<int>? _holders;
    private long _now;
    private int _asked;
    private int _found;

    /// <summary>A lookup for a random key, or for a random peer that answers.</summary>
    public static SimulatedLookup NewLookup(SimulatedNetwork network, QueryType type, int seed)
    {
        var random = new Random(seed);
        if (type == QueryType.FindPeer)
        {
            var peers = network.Peers.Where(peer => peer.Fault == SimulatedFault.None).ToList();
            var wanted = peers[random.Next(peers.Count)];
            var bytes = PeerId.Parse(wanted.Id).Bytes.ToArray();
            return new SimulatedLookup
            {
                Type = type,
                Key = new QueryKey(wanted.Id, Convert.ToHexStringLower(bytes), wanted.KadId.ToString()),
                Target = wanted.KadId,
                Seed = seed,
            };
        }

        var key = new byte[34];
        random.NextBytes(key);
        (key[0], key[1]) = (0x12, 32);
        var hex = Convert.ToHexStringLower(key);
        var target = KadId.Of(key);
        return new SimulatedLookup
        {
            Type = type,
            Key = new QueryKey("f" + hex, hex, target.ToString()),
            Target = target,
            Seed = seed,
        };
    }

    /// <summary>Runs one.</summary>
    public Query Run(SimulatedLookup description)
    {
        _lookup = description;
        _rows.Clear();
        _order.Clear();
        _flights.Clear();
        _reactions = new Random(description.Seed);
        (_now, _asked, _found, _holders) = (0, 0, 0, null);
        foreach (var seed in network.Nearest(network.NodeTable, _lookup.Target, AnswerSize))
        {
            Hear(seed, null);
        }

        _now += 30_000;
        var termination = Converge();
        if (termination == QueryTermination.Completed)
        {
            FollowUp();
        }

        foreach (var flight in _flights)
        {
            flight.Row.TakenBackAt = _now;
        }

        _now += 20_000;
        return Write(termination);
    }

    private QueryTermination Converge()
    {
        while (true)
        {
            var reachable = Reachable().Take(_lookup.Beta).ToList();
            if (Done())
            {
                return QueryTermination.Stopped;
            }

            if (_flights.Count == 0 && !_rows.Values.Any(row => row.State == PeerState.Heard))
            {
                return QueryTermination.Starvation;
            }

            if (reachable.Count > 0 && reachable.TrueForAll(row => row.State == PeerState.Answered))
            {
                return QueryTermination.Completed;
            }

            while (_flights.Count < _lookup.Alpha && Reachable().FirstOrDefault(row => row.State == PeerState.Heard) is { } next)
            {
                Send(next);
            }

            Land();
        }
    }

    private void FollowUp()
    {
        var closest = Reachable().Take(_lookup.K).ToHashSet();
        foreach (var flight in _flights.Where(flight => !closest.Contains(flight.Row)).ToList())
        {
            flight.Row.TakenBackAt = _now;
            _flights.Remove(flight);
        }

        while (!Done())
        {
            foreach (
                var row in Reachable()
                    .Take(_lookup.K)
                    .Where(row => row.State == PeerState.Heard)
                    .Take(Math.Max(0, _lookup.Alpha - _flights.Count))
                    .ToList()
            )
            {
                Send(row);
            }

            if (_flights.Count == 0)
            {
                return;
            }

            Land();
        }
    }

    private bool Done() =>
        _lookup.Type switch
        {
            QueryType.FindPeer => _found > 0,
            QueryType.GetProviders => _found >= _lookup.WantedProviders,
            _ => false,
        };

    private IEnumerable<Row> Reachable() =>
        network
            .Nearest(_rows.Keys, _lookup.Target, int.MaxValue)
            .Select(peer => _rows[peer])
            .Where(row => row.State is not (PeerState.DialFailed or PeerState.RequestFailed) && row.TakenBackAt is null);

    private void Hear(int peer, Row? referrer)
    {
        if (!_rows.ContainsKey(peer))
        {
            _rows.Add(
                peer,
                new Row
                {
                    Peer = peer,
                    Referrer = referrer,
                    Hops = referrer is null ? 0 : referrer.Hops + 1,
                    HeardAt = _now,
                }
            );
            _order.Add(peer);
        }
    }

    private void Send(Row row)
    {
        var peer = network.Peers[row.Peer];
        var random = new Random(HashCode(_lookup.Seed, row.Peer));
        row.Order = ++_asked;
        row.State = PeerState.Dialing;
        row.DialAt = _now + _reactions.NextInt64(_lookup.ReactionNs + 1);
        row.Reused = peer.Fault is SimulatedFault.None or SimulatedFault.BlackHole && random.NextDouble() < _lookup.Connected;
        var failed = peer.Fault switch
        {
            SimulatedFault.Dead => _lookup.DialTimeoutNs,
            SimulatedFault.Refuses => (long)(peer.RoundTripNs * 0.5),
            _ => (long?)null,
        };
        row.DialNs = failed ?? (row.Reused ? 0 : (long)(peer.RoundTripNs * (2 + random.NextDouble())));
        row.AskAt = failed is null ? row.DialAt + row.DialNs + (row.Reused ? 0 : 10_000) : null;
        row.RequestNs =
            peer.Fault == SimulatedFault.BlackHole
                ? _lookup.RequestTimeoutNs
                : (long)(peer.RoundTripNs * (1 + (0.5 * Math.Abs(Mixture.Normal(random)))));
        _flights.Add(new Flight(row, row.AskAt is { } askAt ? askAt + row.RequestNs : row.DialAt.Value + row.DialNs));
    }

    private void Land()
    {
        var flight = _flights.MinBy(flight => flight.Until)!;
        _flights.Remove(flight);
        _now = flight.Until;
        var (row, peer) = (flight.Row, network.Peers[flight.Row.Peer]);
        row.EndedAt = _now;
        row.State = peer.Fault switch
        {
            SimulatedFault.Dead or SimulatedFault.Refuses => PeerState.DialFailed,
            SimulatedFault.BlackHole => PeerState.RequestFailed,
            _ => PeerState.Answered,
        };
        if (row.State != PeerState.Answered)
        {
            return;
        }

        row.Named = network.Nearest(peer.Known, _lookup.Target, AnswerSize);
        row.New = row.Named.Count(named => !_rows.ContainsKey(named));
        foreach (var named in row.Named)
        {
            Hear(named, row);
        }

        if (_lookup.Type == QueryType.FindPeer && row.Named.Exists(named => network.Peers[named].Id == _lookup.Key.Text))
        {
            _found++;
        }
        else if (_lookup.Type == QueryType.GetProviders && Holders().Contains(row.Peer))
        {
            row.Providers = 1;
            _found++;
        }

        if (_found > 0 && (_lookup.Type == QueryType.FindPeer || Done()) && _lookup.Type != QueryType.GetClosestPeers)
        {
            row.Discovers = true;
        }
    }

    private HashSet<int> Holders() =>
        _holders ??= [
            .. network.Nearest(
                Enumerable.Range(0, network.Peers.Count).Where(i => network.Peers[i].Fault == SimulatedFault.None),
                _lookup.Target,
                _lookup.Providers
            ),
        ];

    private Query Write(QueryTermination termination)
    {
        var result = Reachable().Take(_lookup.K).ToList();
        var discovery =
            _lookup.Type == QueryType.GetClosestPeers
                ? result.Max(row => row.HeardAt)
                : _rows.Values.Where(row => row.Discovers).Select(row => (long?)row.EndedAt).Min();
        var success = _lookup.Type == QueryType.GetClosestPeers ? result.Count > 0 : _found > 0;
        var list = _order.Select(peer => _rows[peer]).ToList();
        var queried = list.Where(row => row.AskAt is { } at && (row.TakenBackAt is null || at <= row.TakenBackAt)).ToList();
        return new Query
        {
            Id = new QueryId(Trace((ulong)_lookup.Seed), Span((ulong)_lookup.Seed + 1)),
            OperationId = new QueryId(Trace((ulong)_lookup.Seed), Span((ulong)_lookup.Seed + 1)),
            Type = _lookup.Type,
            Key = _lookup.Key,
            Source = TraceSource.Native,
            Service = "simulated",
            Node = network.Node.Id,
            StartUnixNano = _lookup.StartUnixNano,
            DurationNs = _now,
            Outcome = success ? QueryOutcome.Success : QueryOutcome.NotFound,
            Error = success ? null : new TraceError(ErrorClass.NotFound, null),
            Termination = termination,
            DiscoveryNs = success ? discovery : null,
            Parameters = new QueryParameters(_lookup.Alpha, _lookup.Beta, _lookup.K),
            Counts = new QueryCounts
            {
                Seen = list.Count,
                Queried = queried.Count,
                Dialed = list.Count(row => row.DialAt is not null && !row.Reused),
                DialFailed = list.Count(row => row.State == PeerState.DialFailed),
                ToQuery = 0,
                Remaining = list.Count(row => row.State == PeerState.Heard),
                Results = _lookup.Type == QueryType.GetClosestPeers ? result.Count : _found,
                Returned = queried.Sum(row => row.Named.Count),
                Duplicates = 0,
            },
            Xor = queried.Where(row => row.State == PeerState.Answered).Select(row => (int?)Xor(row.Peer)).Min(),
            Hops = queried.Select(row => (int?)row.Hops).Max(),
            Peers = [.. list.Select(Write)],
        };
    }

    private QueryPeer Write(Row row)
    {
        var peer = network.Peers[row.Peer];
        var cut = row.TakenBackAt;
        var dialCut = cut is { } at && row.DialAt + row.DialNs > at;
        var asks = row.AskAt is { } ask && (cut is null || ask <= cut);
        return new QueryPeer
        {
            Id = peer.Id,
            Order = row.Order,
            Xor = Xor(row.Peer),
            Hops = row.Hops,
            Referrer = row.Referrer is null ? null : network.Peers[row.Referrer.Peer].Id,
            HeardNs = row.HeardAt,
            State = cut is null ? row.State : PeerState.Cancelled,
            Dial = row.DialAt is { } start
                ? new PeerDial(
                    start,
                    dialCut ? Math.Max(0, cut!.Value - start) : row.DialNs,
                    row.Reused,
                    dialCut ? new TraceError(ErrorClass.Cancelled, null)
                        : row.State != PeerState.DialFailed ? null
                        : new TraceError(peer.Fault == SimulatedFault.Dead ? ErrorClass.DialTimeout : ErrorClass.DialRefused, "simulated")
                )
                : null,
            Requests = !asks
                ? []
                :
                [
                    new PeerRequest
                    {
                        Type = _lookup.Type == QueryType.GetProviders ? MessageType.GetProviders : MessageType.FindNode,
                        StartNs = row.AskAt!.Value,
                        DurationNs = cut is { } end ? end - row.AskAt.Value : row.RequestNs,
                        Outcome =
                            cut is not null ? RequestOutcome.Cancelled
                            : row.State == PeerState.Answered ? RequestOutcome.Answered
                            : RequestOutcome.Failed,
                        Error =
                            cut is not null ? new TraceError(ErrorClass.Cancelled, null)
                            : row.State == PeerState.RequestFailed ? new TraceError(ErrorClass.RequestTimeout, "simulated")
                            : null,
                        Returned = row.State == PeerState.Answered ? row.Named.Count : null,
                        New = row.State == PeerState.Answered ? row.New : null,
                        Providers = _lookup.Type == QueryType.GetProviders && row.State == PeerState.Answered ? row.Providers : null,
                        Named = row.State == PeerState.Answered ? [.. row.Named.Select(named => network.Peers[named].Id)] : default,
                    },
                ],
            Agent = row.State == PeerState.Answered ? peer.Agent : null,
        };
    }

    private int Xor(int peer) => _lookup.Target.XorBitLength(network.Peers[peer].KadId);

    private static int HashCode(int seed, int peer) => unchecked((seed * 1_000_003) + (peer * 7_919) + 17);

    private static TraceId Trace(ulong number)
    {
        var bytes = new byte[16];
        bytes[0] = 1;
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), number);
        return TraceId.TryParse(Convert.ToHexStringLower(bytes), out var id) ? id : throw new InvalidOperationException("no trace id");
    }

    private static SpanId Span(ulong number) =>
        SpanId.TryParse(number.ToString("x16", null), out var id) ? id : throw new InvalidOperationException("no span id");

    private sealed record Flight(Row Row, long Until);

    private sealed class Row
    {
        public required int Peer { get; init; }

        public required Row? Referrer { get; init; }

        public required int Hops { get; init; }

        public required long HeardAt { get; init; }

        public PeerState State { get; set; } = PeerState.Heard;

        public int? Order { get; set; }

        public long? DialAt { get; set; }

        public long DialNs { get; set; }

        public bool Reused { get; set; }

        public long? AskAt { get; set; }

        public long RequestNs { get; set; }

        public long EndedAt { get; set; }

        public long? TakenBackAt { get; set; }

        public List<int> Named { get; set; } = [];

        public int New { get; set; }

        public int Providers { get; set; }

        public bool Discovers { get; set; }
    }
}
