using System.Collections.Immutable;
using System.Runtime.InteropServices;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Network;

/// <summary>Adds up what lookups show of networks. Memory grows with distinct peers, and with lookups with a closest set.</summary>
public sealed class NetworkTally
{
    private readonly Dictionary<string, PeerTally> _peers = new(StringComparer.Ordinal);
    private ulong _first = ulong.MaxValue;
    private ulong _last;
    private int _lookups;
    private int _listing;

    /// <summary>Lookups with a closest set, without their peers, and the group of their peers.</summary>
    private readonly List<(ObservedLookup Lookup, int Group)> _sets = [];

    /// <summary>
    /// For each group of peers the group that it was joined to, or itself. Peers of one lookup are of one network, so networks are the
    /// groups that no lookup joins. A test network beside the public one would else look like a surrounded key.
    /// </summary>
    private readonly List<int> _joined = [];

    /// <summary>Adds a lookup. The latest comes first: what it shows of a peer is taken as the peer's present state.</summary>
    public void Add(ObservedLookup lookup)
    {
        _lookups++;
        _first = Math.Min(_first, lookup.StartUnixNano);
        _last = Math.Max(_last, lookup.StartUnixNano);
        var lists = false;
        var group = _joined.Count;
        _joined.Add(group);
        foreach (var peer in lookup.Peers)
        {
            ref var tally = ref CollectionsMarshal.GetValueRefOrAddDefault(_peers, peer.Id, out _);
            tally ??= new PeerTally(group);
            tally.Add(peer);
            lists |= peer.NamedTried > 0;
            group = Join(tally.Group, group);
        }

        if (lookup.Radius is not null)
        {
            _sets.Add((lookup with { Peers = [] }, group));
        }

        _listing += lists ? 1 : 0;
    }

    /// <summary>The figures.</summary>
    /// <param name="hasOlder">Whether there are older lookups that were not added.</param>
    public NetworkReport ToReport(bool hasOlder)
    {
        var networks = Networks();
        var main = networks.Values.MaxBy(static sets => sets.Keys) ?? new ClosestSets();
        return new NetworkReport
        {
            Lookups = _lookups,
            HasOlder = hasOlder,
            FirstUnixNano = _lookups == 0 ? null : _first,
            LastUnixNano = _lookups == 0 ? null : _last,
            ClosestSets = _sets.Count,
            Networks = networks.Count,
            Keys = main.Keys,
            Size = main.Size(),
            Density = PrefixDensity.Of(main),
            Recall = LookupRecall.Of(main),
            Suspicious = [.. networks.Values.SelectMany(static sets => sets.Suspicious()).OrderBy(static verdict => verdict.PValue)],
            Dead = Dead(),
            Peers = Count(),
        };
    }

    /// <summary>The distinct peers by their id in base58.</summary>
    public IReadOnlyDictionary<string, KnownPeer> PeerStates() =>
        _peers.ToDictionary(
            static peer => peer.Key,
            static peer => new KnownPeer(peer.Value.Fate, peer.Value.Error, peer.Value.Agent, peer.Value.IsWithoutDht),
            StringComparer.Ordinal
        );

    /// <summary>The closest sets of the network that a lookup is of; empty ones when no added lookup shares a peer with it.</summary>
    public ClosestSets SetsAround(ObservedLookup lookup)
    {
        var peer = lookup.Peers.Select(peer => _peers.GetValueOrDefault(peer.Id)).FirstOrDefault(static known => known is not null);
        return (peer is null ? null : Networks().GetValueOrDefault(Root(peer.Group))) ?? new ClosestSets();
    }

    private Dictionary<int, ClosestSets> Networks()
    {
        var networks = new Dictionary<int, ClosestSets>();
        foreach (var (lookup, group) in _sets)
        {
            ref var sets = ref CollectionsMarshal.GetValueRefOrAddDefault(networks, Root(group), out _);
            (sets ??= new ClosestSets()).Add(lookup);
        }

        return networks;
    }

    // The older group stays, so a chain is short; each look-up halves it.
    private int Join(int left, int right)
    {
        var (first, second) = (Root(left), Root(right));
        _joined[Math.Max(first, second)] = Math.Min(first, second);
        return Math.Min(first, second);
    }

    private int Root(int group)
    {
        while (_joined[group] != group)
        {
            group = _joined[group] = _joined[_joined[group]];
        }

        return group;
    }

    private DeadNamed? Dead()
    {
        var named = _peers.Where(static peer => peer.Value.NamedTried > 0).ToList();
        return named.Count == 0
            ? null
            : new DeadNamed(
                _listing,
                named.Sum(static peer => peer.Value.NamedTried),
                named.Sum(static peer => peer.Value.NamedDead),
                named.Count,
                [
                    .. named
                        .Where(static peer => peer.Value is { NamedTried: >= DeadNamed.FewestTried, NamedDead: > 0 })
                        .OrderByDescending(static peer => (double)peer.Value.NamedDead / peer.Value.NamedTried)
                        .ThenByDescending(static peer => peer.Value.NamedDead)
                        .ThenBy(static peer => peer.Key, StringComparer.Ordinal)
                        .Take(DeadNamed.MostNamed)
                        .Select(static peer => new DeadNamer(peer.Key, peer.Value.NamedTried, peer.Value.NamedDead)),
                ]
            );
    }

    private ObservedPeers Count() =>
        new()
        {
            Asked = _peers.Count,
            Answered = _peers.Values.Count(static peer => peer.Fate == PeerFate.Answered),
            Unreachable = _peers.Values.Count(static peer => peer.Fate == PeerFate.Failed),
            WithoutDht = _peers.Values.Count(static peer => peer.IsWithoutDht),
            ByError = NamedCount.Sum(
                _peers
                    .Values.Where(static peer => peer.Fate == PeerFate.Failed)
                    .Select(static peer => new NamedCount(peer.Error ?? ObservedPeers.Unknown, 1))
            ),
            ByTransport = Groups(static peer => peer.Transport),
            ByAgent = Groups(static peer => peer.Agent),
        };

    private ImmutableArray<PeerGroup> Groups(Func<PeerTally, string?> name) =>
        [
            .. _peers
                .Values.GroupBy(name, StringComparer.Ordinal)
                .Select(static group => new PeerGroup(
                    group.Key,
                    group.Count(),
                    group.Count(static peer => peer.Fate == PeerFate.Answered),
                    group.Count(static peer => peer.Fate == PeerFate.Failed),
                    group.Count(static peer => peer.IsWithoutDht)
                ))
                .OrderBy(static group => group.Name is null)
                .ThenByDescending(static group => group.Peers)
                .ThenBy(static group => group.Name, StringComparer.Ordinal),
        ];

    private sealed class PeerTally(int group)
    {
        /// <summary>A group of peers of the same network.</summary>
        public int Group { get; } = group;

        public PeerFate Fate { get; private set; }

        public string? Error { get; private set; }

        public string? Agent { get; private set; }

        public string? Transport { get; private set; }

        public int NamedTried { get; private set; }

        public int NamedDead { get; private set; }

        public bool IsWithoutDht => Fate != PeerFate.Answered && _speaksDht == false;

        private bool? _speaksDht;

        public void Add(ObservedPeer peer)
        {
            // One answer shows that it can be reached, however often it could not.
            Fate =
                Fate == PeerFate.Answered || peer.Fate == PeerFate.Answered ? PeerFate.Answered
                : Fate == PeerFate.Failed || peer.Fate == PeerFate.Failed ? PeerFate.Failed
                : PeerFate.Open;
            Error ??= peer.Error;
            Agent ??= peer.Agent;
            Transport ??= peer.Transport;
            _speaksDht ??= peer.SpeaksDht;
            NamedTried += peer.NamedTried ?? 0;
            NamedDead += peer.NamedDead;
        }
    }
}
