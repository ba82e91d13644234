using System.Collections.Concurrent;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>What is known about a peer. Immutable: a newer state is a new object.</summary>
public sealed record PeerInfo
{
    public required PeerId Peer { get; init; }

    /// <summary>Its addresses, without peer id, newest first; at most <see cref="PeerStore.MaxAddresses"/>.</summary>
    public IReadOnlyList<Multiaddr> Addresses { get; init; } = [];

    /// <summary>Protocols from identify; empty before it.</summary>
    public IReadOnlyList<string> Protocols { get; init; } = [];

    /// <summary>Agent version from identify; null before it.</summary>
    public string? AgentVersion { get; init; }

    /// <summary>Protocol version from identify; null before it.</summary>
    public string? ProtocolVersion { get; init; }

    /// <summary>The address under which the peer sees this host; null before identify, or if the peer did not send it.</summary>
    public Multiaddr? ObservedAddress { get; init; }

    /// <summary>When identify last received something; null before it.</summary>
    public DateTimeOffset? IdentifiedAt { get; init; }

    internal long LastHeard { get; init; }
}

/// <summary>Stores peers: addresses from any source, everything else from identify. Thread-safe.</summary>
public sealed class PeerStore
{
    /// <summary>Maximum number of addresses kept per peer.</summary>
    public const int MaxAddresses = 32;

    private readonly ConcurrentDictionary<PeerId, PeerInfo> _peers = new();
    private readonly int _capacity;
    private readonly TimeProvider _time;
    private int _evicting;

    internal PeerStore(int capacity, TimeProvider time)
    {
        _capacity = capacity;
        _time = time;
    }

    /// <summary>Number of stored peers.</summary>
    public int Count => _peers.Count;

    /// <summary>What is known about a peer; null if nothing is.</summary>
    public PeerInfo? Find(PeerId peer) => _peers.GetValueOrDefault(peer);

    /// <summary>Adds addresses of a peer. Addresses that end in another peer id are ignored.</summary>
    public void AddAddresses(PeerId peer, IEnumerable<Multiaddr> addresses)
    {
        var plain = Plain(peer, addresses);
        if (plain.Count > 0)
        {
            Update(peer, known => known with { Addresses = Merge(plain, known.Addresses) });
        }
    }

    /// <summary>Forgets a peer.</summary>
    public void Remove(PeerId peer) => _peers.TryRemove(peer, out _);

    /// <summary>Stores the result of identify. Its addresses replace the older ones.</summary>
    internal PeerInfo SetIdentified(PeerId peer, Func<PeerInfo, PeerInfo> update) =>
        Update(peer, known => update(known) with { IdentifiedAt = _time.GetUtcNow() });

    internal static IReadOnlyList<Multiaddr> Plain(PeerId peer, IEnumerable<Multiaddr> addresses) =>
        [
            .. addresses
                .Where(address => address.PeerId is not { } named || named == peer || address.IsCircuit)
                .Select(address => address.IsCircuit ? address : address.WithoutPeerId())
                .Distinct()
                .Take(MaxAddresses),
        ];

    private static IReadOnlyList<Multiaddr> Merge(IReadOnlyList<Multiaddr> newer, IReadOnlyList<Multiaddr> older) =>
        newer.All(older.Contains) ? older : [.. newer.Concat(older).Distinct().Take(MaxAddresses)];

    private PeerInfo Update(PeerId peer, Func<PeerInfo, PeerInfo> change)
    {
        var now = _time.GetTimestamp();
        var info = _peers.AddOrUpdate(
            peer,
            static (key, state) => state.Change(new PeerInfo { Peer = key }) with { LastHeard = state.Now },
            static (_, known, state) => state.Change(known) with { LastHeard = state.Now },
            (Change: change, Now: now)
        );
        if (_peers.Count > _capacity)
        {
            Evict();
        }

        return info;
    }

    /// <summary>Removes the tenth of the peers that were not heard of for longest.</summary>
    private void Evict()
    {
        if (Interlocked.Exchange(ref _evicting, 1) == 1)
        {
            return;
        }

        foreach (var peer in _peers.Values.OrderBy(info => info.LastHeard).Take((_capacity / 10) + 1).ToList())
        {
            _peers.TryRemove(peer.Peer, out _);
        }

        Volatile.Write(ref _evicting, 0);
    }
}
