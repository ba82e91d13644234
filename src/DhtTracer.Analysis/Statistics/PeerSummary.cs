using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Statistics;

/// <summary>One peer over many operations.</summary>
public sealed record PeerSummary
{
    /// <summary>Peer id in base58.</summary>
    public required string PeerId { get; init; }

    /// <summary>Operations that heard of it.</summary>
    public required int Seen { get; init; }

    /// <summary>Operations that sent it at least one request.</summary>
    public required int Queried { get; init; }

    /// <summary>Operations in which it answered at least one request.</summary>
    public required int Answered { get; init; }

    /// <summary>Its failed dials and requests, counted by error class, most frequent first; without <see cref="Cancelled"/>.</summary>
    public required ImmutableArray<NamedCount> Failures { get; init; }

    /// <summary>Its dials and requests cancelled by the caller or by the end of the operation; not the peer's fault.</summary>
    public required int Cancelled { get; init; }

    /// <summary>Total nanoseconds that operations waited for it on their critical paths; null when no query has a path.</summary>
    public long? TimeLostNs { get; init; }

    /// <summary>Durations in nanoseconds of its failed requests and dials; only the first of each query.</summary>
    public required Distribution FailureTime { get; init; }

    /// <summary>Durations in nanoseconds of its first answered request in each query.</summary>
    public required Distribution RequestLatency { get; init; }

    /// <summary>Durations in nanoseconds of its successful new connections.</summary>
    public required Distribution DialLatency { get; init; }

    /// <summary>Number of other peers' answers that named it, over the queries that list named peers; null when none does.</summary>
    public long? NamedByOthers { get; init; }

    /// <summary>Start of the first query that heard of it, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong FirstSeenUnixNano { get; init; }

    /// <summary>Start of the last query that heard of it, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong LastSeenUnixNano { get; init; }

    /// <summary>Its agent versions, in the order first seen.</summary>
    public required ImmutableArray<SeenText> Agents { get; init; }

    /// <summary>Its multiaddrs, in the order first seen.</summary>
    public required ImmutableArray<SeenText> Addresses { get; init; }

    /// <summary>One summary for each peer, in ordinal order of the peer ids.</summary>
    public static ImmutableArray<PeerSummary> Of(IEnumerable<PeerFacts> facts) =>
        [
            .. facts
                .GroupBy(static fact => fact.PeerId, StringComparer.Ordinal)
                .OrderBy(static group => group.Key, StringComparer.Ordinal)
                .Select(static group => OfPeer(group.Key, [.. group])),
        ];

    private static PeerSummary OfPeer(string peerId, IReadOnlyList<PeerFacts> facts) =>
        new()
        {
            PeerId = peerId,
            Seen = Operations(facts),
            Queried = Operations(facts.Where(static fact => fact.Requests > 0)),
            Answered = Operations(facts.Where(static fact => fact.State == PeerState.Answered)),
            Failures = NamedCount.Sum(
                facts
                    .SelectMany(static fact => fact.Errors)
                    .Where(static error => error != ErrorClass.Cancelled)
                    .Select(static error => new NamedCount(error, 1))
            ),
            Cancelled = facts.Sum(static fact => fact.Errors.Count(static error => error == ErrorClass.Cancelled)),
            TimeLostNs = facts.All(static fact => fact.TimeLostNs is null)
                ? null
                : facts.Sum(static fact => fact.TimeLostNs.GetValueOrDefault()),
            FailureTime = Distribution.Of(facts.Select(static fact => fact.FailedNs).Where(static ns => ns is not null)),
            RequestLatency = Distribution.Of(facts.Select(static fact => fact.RequestNs).Where(static ns => ns is not null)),
            DialLatency = Distribution.Of(facts.Select(static fact => fact.DialNs).Where(static ns => ns is not null)),
            NamedByOthers = facts.All(static fact => fact.NamedBy is null)
                ? null
                : facts.Sum(static fact => (long)fact.NamedBy.GetValueOrDefault()),
            FirstSeenUnixNano = facts.Min(static fact => fact.QueryStartUnixNano),
            LastSeenUnixNano = facts.Max(static fact => fact.QueryStartUnixNano),
            Agents = SeenText.Of(
                facts
                    .Where(static fact => fact.Agent is not null)
                    .Select(static fact => (fact.OperationId, fact.Agent!, fact.QueryStartUnixNano))
            ),
            Addresses = SeenText.Of(
                facts.SelectMany(static fact => fact.Addresses.Select(address => (fact.OperationId, address, fact.QueryStartUnixNano)))
            ),
        };

    // Both sides of an operation may meet the same peer.
    private static int Operations(IEnumerable<PeerFacts> facts) => facts.Select(static fact => fact.OperationId).Distinct().Count();
}

/// <summary>A text that queries showed for a peer, and when.</summary>
/// <param name="Text">Agent version or multiaddr; hostile text.</param>
/// <param name="Operations">Number of operations that showed it.</param>
/// <param name="FirstUnixNano">Start of the first operation that showed it, in nanoseconds since 1970-01-01 UTC.</param>
/// <param name="LastUnixNano">Start of the last operation that showed it, in nanoseconds since 1970-01-01 UTC.</param>
public sealed record SeenText(string Text, int Operations, ulong FirstUnixNano, ulong LastUnixNano)
{
    internal static ImmutableArray<SeenText> Of(IEnumerable<(QueryId Operation, string Text, ulong UnixNano)> seen) =>
        [
            .. seen.GroupBy(static item => item.Text, StringComparer.Ordinal)
                .Select(static group => new SeenText(
                    group.Key,
                    group.Select(static item => item.Operation).Distinct().Count(),
                    group.Min(static item => item.UnixNano),
                    group.Max(static item => item.UnixNano)
                ))
                .OrderBy(static item => item.FirstUnixNano)
                .ThenBy(static item => item.Text, StringComparer.Ordinal),
        ];
}
