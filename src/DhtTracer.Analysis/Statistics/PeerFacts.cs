using System.Collections.Immutable;
using System.Runtime.InteropServices;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Statistics;

/// <summary>The facts of one peer in one query for statistics; flat, so that a store can fill it from typed columns.</summary>
public sealed record PeerFacts
{
    public required QueryId QueryId { get; init; }

    /// <summary>The operation that the query belongs to.</summary>
    public required QueryId OperationId { get; init; }

    /// <summary>Start of the query, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong QueryStartUnixNano { get; init; }

    /// <summary>Peer id in base58.</summary>
    public required string PeerId { get; init; }

    /// <summary>How far it got in this query.</summary>
    public required PeerState State { get; init; }

    /// <summary>Requests sent to it in this query.</summary>
    public required int Requests { get; init; }

    /// <summary>Error classes of its dial and requests in this query, in the order of occurrence.</summary>
    public ImmutableArray<string> Errors { get; init; } = [];

    /// <summary>Duration in nanoseconds of its first answered request; null when none was answered or its end is unknown.</summary>
    public long? RequestNs { get; init; }

    /// <summary>
    /// Duration in nanoseconds of its first failed request, or else of its failed dial; null when neither failed or the end is unknown.
    /// </summary>
    public long? FailedNs { get; init; }

    /// <summary>How long the query waited for it: its parts of the critical path, in nanoseconds. Null when there is no path.</summary>
    public long? TimeLostNs { get; init; }

    /// <summary>Duration in nanoseconds of its dial if it successfully made a new connection; null otherwise or when unknown.</summary>
    public long? DialNs { get; init; }

    /// <summary>Whether an existing connection was used; null when unknown.</summary>
    public bool? Reused { get; init; }

    /// <summary>Number of other peers' answers in this query that named it; null when the trace does not list named peers.</summary>
    public int? NamedBy { get; init; }

    /// <summary>Agent version; null when unknown.</summary>
    public string? Agent { get; init; }

    /// <summary>Multiaddrs known from this query.</summary>
    public ImmutableArray<string> Addresses { get; init; } = [];

    /// <summary>One entry for each peer of the query, in its order.</summary>
    public static ImmutableArray<PeerFacts> From(Query query)
    {
        var named = NamedCounts(query);
        return ImmutableArray.CreateRange(
            query.Peers,
            (peer, query) =>
                new PeerFacts
                {
                    QueryId = query.Id,
                    OperationId = query.OperationId,
                    QueryStartUnixNano = query.StartUnixNano,
                    PeerId = peer.Id,
                    State = peer.State,
                    Requests = peer.Requests.Length,
                    Errors = ErrorsOf(peer),
                    RequestNs = RequestOf(peer),
                    FailedNs = FailedOf(peer),
                    TimeLostNs = peer.TimeLostNs,
                    DialNs = DialOf(peer),
                    Reused = peer.Dial?.Reused,
                    NamedBy = named is null ? null : named.GetValueOrDefault(peer.Id),
                    Agent = peer.Agent,
                    Addresses = peer.Addresses,
                },
            query
        );
    }

    private static long? RequestOf(QueryPeer peer)
    {
        foreach (var request in peer.Requests)
        {
            if (request is { Outcome: RequestOutcome.Answered, DurationNs: { } duration })
            {
                return duration;
            }
        }

        return null;
    }

    // A dial without an error counts as a success only if something followed it, because it may also have been cancelled.
    private static long? DialOf(QueryPeer peer) =>
        peer.Dial is { Reused: not true, Error: null } && (peer.Requests.Length > 0 || peer.State == PeerState.Connected)
            ? peer.Dial.DurationNs
            : null;

    private static long? FailedOf(QueryPeer peer)
    {
        foreach (var request in peer.Requests)
        {
            if (request.Outcome == RequestOutcome.Failed)
            {
                return request.DurationNs;
            }
        }

        return peer.State == PeerState.DialFailed ? peer.Dial?.DurationNs : null;
    }

    private static ImmutableArray<string> ErrorsOf(QueryPeer peer)
    {
        if (peer.Requests.IsEmpty)
        {
            return peer.Dial?.Error is { } only ? [only.Class] : [];
        }

        var errors = ImmutableArray.CreateBuilder<string>(0);
        if (peer.Dial?.Error is { } dial)
        {
            errors.Add(dial.Class);
        }

        foreach (var request in peer.Requests)
        {
            if (request.Error is { } error)
            {
                errors.Add(error.Class);
            }
        }

        return errors.ToImmutable();
    }

    // Null unless every answered lookup request lists its peers: counting only some answers would give too small a number.
    private static Dictionary<string, int>? NamedCounts(Query query)
    {
        var counts = new Dictionary<string, int>(query.Peers.Length, StringComparer.Ordinal);
        foreach (var peer in query.Peers)
        {
            foreach (var request in peer.Requests)
            {
                if (request.Outcome != RequestOutcome.Answered || !MessageTypes.NamesPeers(request.Type))
                {
                    continue;
                }

                if (request.Named.IsDefault)
                {
                    return null;
                }

                foreach (var name in request.Named)
                {
                    if (name != peer.Id)
                    {
                        CollectionsMarshal.GetValueRefOrAddDefault(counts, name, out _)++;
                    }
                }
            }
        }

        return counts;
    }
}
