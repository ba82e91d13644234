using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Statistics;

/// <summary>
/// The facts of one operation for statistics. The record is flat, so that a store can fill it from typed columns without decoding a
/// reconstruction. Duration, discovery, outcome and error are the operation's own; the other figures are those of its decisive query.
/// Unknown values are null; figures leave them out and never count them as zero.
/// </summary>
public sealed record OperationFacts
{
    /// <summary>Permalink of the operation.</summary>
    public required QueryId Id { get; init; }

    /// <summary>Permalink of its decisive query; null when it has none.</summary>
    public QueryId? Decisive { get; init; }

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>What the operation was for.</summary>
    public required QueryType Type { get; init; }

    /// <summary>How it ended.</summary>
    public required QueryOutcome Outcome { get; init; }

    /// <summary>Class of the operation's own error, one of <see cref="ErrorClass"/>; null without an error.</summary>
    public string? ErrorClass { get; init; }

    /// <summary>Duration in nanoseconds; null when unknown.</summary>
    public long? DurationNs { get; init; }

    /// <summary>Nanoseconds from the start of the operation to the first result of its decisive query, see
    /// <see cref="FirstResult"/>.</summary>
    public long? FirstResultNs { get; init; }

    /// <summary>Nanoseconds from the start until the final answer was first known; null when unknown.</summary>
    public long? DiscoveryNs { get; init; }

    /// <summary>Greatest hops of a queried peer.</summary>
    public int? Hops { get; init; }

    /// <summary>Peers sent at least one request.</summary>
    public int? Queried { get; init; }

    /// <summary>Peers to which a new connection was attempted.</summary>
    public int? Dialed { get; init; }

    /// <summary>Number of these dials that failed.</summary>
    public int? DialFailed { get; init; }

    /// <summary>Peers reached over an existing connection.</summary>
    public int? Reused { get; init; }

    /// <summary>Requests sent to a peer already asked.</summary>
    public int? Duplicates { get; init; }

    /// <summary>
    /// Dials and requests that failed or were cancelled, counted by error class, in the order of <see cref="ErrorClass.All"/>.
    /// </summary>
    public ImmutableArray<NamedCount> PeerErrors { get; init; } = [];

    /// <summary>Peers with a known agent version, counted by agent version, in ordinal order.</summary>
    public ImmutableArray<NamedCount> Agents { get; init; } = [];

    /// <summary>What the duration of its decisive query was spent on; null when that is unknown.</summary>
    public PhaseTimes? Phases { get; init; }

    /// <summary>The rules of lookups that any of its queries breaks: bit <c>n</c> for rule <c>DHTn</c>; null when it was not
    /// checked.</summary>
    public long? LintMask { get; init; }

    /// <summary>The facts of a reconstructed operation, without <see cref="LintMask"/>, which needs all of its queries.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="decisive">Its decisive query; null when it has none.</param>
    public static OperationFacts From(Operation operation, Query? decisive)
    {
        return new OperationFacts
        {
            Id = operation.Id,
            Decisive = operation.Decisive,
            StartUnixNano = operation.StartUnixNano,
            Type = operation.Type,
            Outcome = operation.Outcome,
            ErrorClass = operation.Error?.Class,
            DurationNs = operation.DurationNs,
            FirstResultNs = decisive is null
                ? null
                : FirstResult.Of(decisive) + SpanReading.Nanoseconds(operation.StartUnixNano, decisive.StartUnixNano),
            DiscoveryNs = operation.DiscoveryNs,
            Hops = decisive?.Hops,
            Queried = decisive?.Counts.Queried,
            Dialed = decisive?.Counts.Dialed,
            DialFailed = decisive?.Counts.DialFailed,

            // A dialect that does not show dials does not show reused connections either.
            Reused = decisive?.Counts.Dialed is null ? null : decisive.Peers.Count(peer => peer.Dial?.Reused == true),
            Duplicates = decisive?.Counts.Duplicates,
            PeerErrors = decisive is null ? [] : ErrorsOf(decisive),
            Agents = decisive is null ? [] : AgentsOf(decisive),
            Phases = decisive?.Phases,
        };
    }

    /// <summary>
    /// Dials and requests of a query that failed or were cancelled, counted by error class, in the order of <see cref="ErrorClass.All"/>.
    /// </summary>
    public static ImmutableArray<NamedCount> ErrorsOf(Query query) =>
        NamedCount.Tally(query.Peers.SelectMany(Errors), static name => ErrorRank(name));

    /// <summary>Peers of a query with a known agent version, counted by agent version, in ordinal order.</summary>
    public static ImmutableArray<NamedCount> AgentsOf(Query query) =>
        NamedCount.Tally(query.Peers.Select(static peer => peer.Agent).OfType<string>(), static _ => 0);

    /// <summary>Position of a class in <see cref="ErrorClass.All"/>; an unlisted class comes last.</summary>
    internal static int ErrorRank(string name)
    {
        for (var i = 0; i < Conventions.ErrorClass.All.Count; i++)
        {
            if (Conventions.ErrorClass.All[i] == name)
            {
                return i;
            }
        }

        return int.MaxValue;
    }

    private static IEnumerable<string> Errors(QueryPeer peer)
    {
        if (peer.Dial?.Error is { } dial)
        {
            yield return dial.Class;
        }

        foreach (var request in peer.Requests)
        {
            if (request.Error is { } error)
            {
                yield return error.Class;
            }
        }
    }
}

/// <summary>Finds when a query had its first result.</summary>
public static class FirstResult
{
    /// <summary>
    /// Nanoseconds from the start to the first result; null when there was none or the trace does not show it. For get-providers and
    /// get-value: the end of the first request whose answer held a provider or a record. For add-provider and put-value: the end of the
    /// first accepted store. For ping: the end of the first answered request. find-peer and get-closest-peers have only one result, so it
    /// is the discovery time.
    /// </summary>
    public static long? Of(Query query) =>
        query.Type switch
        {
            QueryType.GetProviders => FirstEnd(query, static request => request.Providers > 0),
            QueryType.GetValue => FirstEnd(query, static request => request.Records > 0),
            QueryType.AddProvider => FirstEnd(query, static request => request.Type == MessageType.AddProvider),
            QueryType.PutValue => FirstEnd(query, static request => request.Type == MessageType.PutValue),
            QueryType.Ping => FirstEnd(query, static _ => true),
            _ => query.DiscoveryNs,
        };

    private static long? FirstEnd(Query query, Func<PeerRequest, bool> isResult)
    {
        long? first = null;
        foreach (var request in query.Peers.SelectMany(static peer => peer.Requests))
        {
            if (
                request is { Outcome: RequestOutcome.Answered, DurationNs: { } duration }
                && isResult(request)
                && (first is null || request.StartNs + duration < first)
            )
            {
                first = request.StartNs + duration;
            }
        }

        return first;
    }
}
