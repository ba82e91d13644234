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

    /// <summary>
    /// The closest sets by service, which may each be of another network: a test network beside the public one would look like a
    /// surrounded key.
    /// </summary>
    private readonly Dictionary<string, ClosestSets> _sets = new(StringComparer.Ordinal);

    /// <summary>Adds a lookup. The latest comes first: what it shows of a peer is taken as the peer's present state.</summary>
    public void Add(ObservedLookup lookup)
    {
        _lookups++;
        _first = Math.Min(_first, lookup.StartUnixNano);
        _last = Math.Max(_last, lookup.StartUnixNano);
        if (lookup.Radius is not null)
        {
            ref var sets = ref CollectionsMarshal.GetValueRefOrAddDefault(_sets, lookup.Service ?? "", out _);
            (sets ??= new ClosestSets()).Add(lookup);
        }

        var lists = false;
        foreach (var peer in lookup.Peers)
        {
            ref var tally = ref CollectionsMarshal.GetValueRefOrAddDefault(_peers, peer.Id, out _);
            tally ??= new PeerTally();
            tally.Add(peer);
            lists |= peer.NamedTried > 0;
        }

        _listing += lists ? 1 : 0;
    }

    /// <summary>The figures.</summary>
    /// <param name="hasOlder">Whether there are older lookups that were not added.</param>
    public NetworkReport ToReport(bool hasOlder)
    {
        var (service, main) = _sets
            .OrderByDescending(static sets => sets.Value.Keys)
            .ThenBy(static sets => sets.Key, StringComparer.Ordinal)
            .FirstOrDefault(new KeyValuePair<string, ClosestSets>("", new ClosestSets()));
        return new NetworkReport
        {
            Lookups = _lookups,
            HasOlder = hasOlder,
            FirstUnixNano = _lookups == 0 ? null : _first,
            LastUnixNano = _lookups == 0 ? null : _last,
            ClosestSets = _sets.Values.Sum(static sets => sets.Lookups.Count),
            Service = service.Length == 0 ? null : service,
            OtherServices = [.. _sets.Keys.Where(other => other != service).Order(StringComparer.Ordinal)],
            Keys = main.Keys,
            Size = main.Size(),
            Density = PrefixDensity.Of(main),
            Recall = LookupRecall.Of(main),
            Suspicious = [.. _sets.Values.SelectMany(static sets => sets.Suspicious()).OrderBy(static verdict => verdict.PValue)],
            Dead = Dead(),
            Peers = Count(),
        };
    }

    /// <summary>The closest sets of a service; empty ones when it has none.</summary>
    public ClosestSets SetsOf(string? service) => _sets.GetValueOrDefault(service ?? "") ?? new ClosestSets();

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

    private sealed class PeerTally
    {
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
