using System.Collections.Immutable;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Network;

/// <summary>
/// What one lookup shows of the network: who answered, who did not, and the peers closest to its key. Positions in the key space are the
/// first 64 bits of Kademlia ids.
/// </summary>
public sealed record ObservedLookup
{
    /// <summary>The size of closest sets on the public DHT, used where the trace does not tell it.</summary>
    public const int UsualWanted = 20;

    /// <summary>The size of the whole key space in units of a position.</summary>
    internal const double Space = 18446744073709551616.0;

    /// <summary>The query.</summary>
    public required QueryId Query { get; init; }

    /// <summary>Its start, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>Position of its key; null when the trace does not hold the key.</summary>
    public ulong? Key { get; init; }

    /// <summary>
    /// Positions of the k closest peers that answered, nearest first, without a peer that is the key itself. Empty unless the lookup ended
    /// by itself, that many answered, and every nearer peer that it heard of answered or failed: only then are they the closest.
    /// </summary>
    public ImmutableArray<ulong> Closest { get; init; } = [];

    /// <summary>The peers that it dialed or asked.</summary>
    public ImmutableArray<ObservedPeer> Peers { get; init; } = [];

    /// <summary>Distance of the farthest of <see cref="Closest"/>, as a share of the key space; null without a set.</summary>
    public double? Radius => Key is { } key && !Closest.IsEmpty ? ((Closest[^1] ^ key) + 0.5) / Space : null;

    /// <summary>What a query shows; null when it asked nobody, and for the side of a local network.</summary>
    public static ObservedLookup? Of(Query query)
    {
        if (query.Skipped || query.Type == QueryType.Ping || query.Side == DhtSide.Lan)
        {
            return null;
        }

        var fates = new Dictionary<string, PeerFate>(query.Peers.Length, StringComparer.Ordinal);
        foreach (var peer in query.Peers)
        {
            fates[peer.Id] = FateOf(query, peer);
        }

        var peers = query.Peers.Where(static peer => peer.Dial is not null || !peer.Requests.IsEmpty).ToList();
        return peers.Count == 0
            ? null
            : new ObservedLookup
            {
                Query = query.Id,
                StartUnixNano = query.StartUnixNano,
                Key = KeyOf(query),
                Closest = ClosestOf(query, fates),
                Peers = [.. peers.Select(peer => Observe(peer, fates))],
            };
    }

    private static ulong? KeyOf(Query query) =>
        query.Key?.KadId is { Length: 64 } hex
        && ulong.TryParse(hex.AsSpan(0, 16), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var key)
            ? key
            : null;

    private static PeerFate FateOf(Query query, QueryPeer peer) =>
        peer.State switch
        {
            // Spans of js-libp2p do not tell a failed request from an empty answer.
            PeerState.Answered => query.Source != TraceSource.JsLibp2p || peer.Requests.Any(static r => r is { Returned: > 0 })
                ? PeerFate.Answered
                : PeerFate.Open,
            PeerState.RequestFailed or PeerState.DialFailed => PeerFate.Failed,
            _ => PeerFate.Open,
        };

    private static ImmutableArray<ulong> ClosestOf(Query query, Dictionary<string, PeerFate> fates)
    {
        if (
            KeyOf(query) is not { } key
            || query.Outcome is QueryOutcome.Cancelled or QueryOutcome.TimedOut or QueryOutcome.Incomplete or QueryOutcome.Failed
            || query.Termination is QueryTermination.Cancelled or QueryTermination.Stopped
        )
        {
            return [];
        }

        var wanted = query.Parameters.K is > 0 and < UsualWanted and var k ? k : UsualWanted;
        var near = new List<(ulong Distance, ulong Position, PeerFate Fate)>(query.Peers.Length);
        foreach (var peer in query.Peers)
        {
            if (PeerText.KadId(peer.Id)?.Leading64 is not { } position)
            {
                return [];
            }

            // The peer that is looked for stands where the key stands: it tells nothing about how dense the network is there.
            if (position != key && peer.Id != query.Node)
            {
                near.Add((position ^ key, position, fates[peer.Id]));
            }
        }

        near.Sort(static (x, y) => x.Distance.CompareTo(y.Distance));
        var closest = ImmutableArray.CreateBuilder<ulong>(wanted);
        foreach (var (_, position, fate) in near)
        {
            if (fate == PeerFate.Open)
            {
                return [];
            }

            if (fate == PeerFate.Answered)
            {
                closest.Add(position);
                if (closest.Count == wanted)
                {
                    return closest.MoveToImmutable();
                }
            }
        }

        return [];
    }

    private static ObservedPeer Observe(QueryPeer peer, Dictionary<string, PeerFate> fates)
    {
        var fate = fates[peer.Id];
        var error =
            fate != PeerFate.Failed
                ? null
                : peer.Requests.Select(static request => request.Error).Append(peer.Dial?.Error).FirstOrDefault(IsOwnFault)?.Class;
        var (tried, dead) = NamedBy(peer, fates);
        return new ObservedPeer
        {
            Id = peer.Id,
            Fate = fate,
            Error = error,
            Agent = peer.Agent,
            Transport = peer.Addresses.IsEmpty ? null : TransportText.Of(peer.Addresses[0]),
            SpeaksDht =
                fate == PeerFate.Answered ? true
                : error == ErrorClass.ProtocolNotSupported ? false
                : peer.Protocols.IsEmpty ? null
                : peer.Protocols.Any(static protocol => protocol.Contains("/kad/", StringComparison.Ordinal)),
            NamedTried = tried,
            NamedDead = dead,
        };
    }

    private static bool IsOwnFault(TraceError? error) => error is not null && error.Class != ErrorClass.Cancelled;

    private static (int? Tried, int Dead) NamedBy(QueryPeer peer, Dictionary<string, PeerFate> fates)
    {
        int? tried = null;
        var dead = 0;
        foreach (var request in peer.Requests)
        {
            if (request.Outcome != RequestOutcome.Answered || !MessageTypes.NamesPeers(request.Type) || request.Named.IsDefault)
            {
                continue;
            }

            tried ??= 0;
            foreach (var name in request.Named)
            {
                if (name != peer.Id && fates.TryGetValue(name, out var fate) && fate != PeerFate.Open)
                {
                    tried++;
                    dead += fate == PeerFate.Failed ? 1 : 0;
                }
            }
        }

        return (tried, dead);
    }
}

/// <summary>How asking a peer ended.</summary>
public enum PeerFate
{
    /// <summary>It was cut off, was never asked, or the trace does not show it.</summary>
    Open = 0,

    /// <summary>It answered a request.</summary>
    Answered = 1,

    /// <summary>Its dial or request failed.</summary>
    Failed = 2,
}

/// <summary>A peer that a lookup dialed or asked.</summary>
public readonly record struct ObservedPeer
{
    /// <summary>Peer id in base58.</summary>
    public required string Id { get; init; }

    /// <summary>How asking it ended.</summary>
    public required PeerFate Fate { get; init; }

    /// <summary>Error class of a failed peer; null when unknown, and for others.</summary>
    public string? Error { get; init; }

    /// <summary>Agent version; null when unknown. Hostile text.</summary>
    public string? Agent { get; init; }

    /// <summary>Transport of its first address, as <see cref="TransportText"/> has them; null when unknown.</summary>
    public string? Transport { get; init; }

    /// <summary>Whether it speaks the DHT's protocol; null when unknown.</summary>
    public bool? SpeaksDht { get; init; }

    /// <summary>Of the peers that its answers named, how many this lookup heard back from or failed to reach; null when the trace does not
    /// hold whom it named.</summary>
    public int? NamedTried { get; init; }

    /// <summary>How many of <see cref="NamedTried"/> failed.</summary>
    public int NamedDead { get; init; }
}

/// <summary>A peer over all lookups of a stretch of time.</summary>
/// <param name="Fate">Answered when it answered once, else failed when it failed once.</param>
/// <param name="Error">Error class of its latest failure; null when unknown.</param>
/// <param name="Agent">Latest agent version; null when unknown. Hostile text.</param>
/// <param name="IsWithoutDht">Whether it is known not to speak the DHT's protocol, and never answered.</param>
public readonly record struct KnownPeer(PeerFate Fate, string? Error, string? Agent, bool IsWithoutDht);
