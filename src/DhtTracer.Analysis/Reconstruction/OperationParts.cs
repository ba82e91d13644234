using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>
/// Joins requests that are alone in their traces to their operation in another trace. An optimistic provide sends its provider records in
/// this way, and a value search its corrections. Pure: the archive finds candidates by key, and calls this when either side arrives.
/// </summary>
public static class OperationParts
{
    /// <summary>A part of an operation starts at most this long after its end: 60 s, in nanoseconds.</summary>
    public const long LatestAfterEndNs = 60_000_000_000;

    /// <summary>
    /// Measured on 494 parts of captures that fit only one operation: 320 start before its end, 74 at most 9.1 ms after it, and 100 (of
    /// provides) more than a second after it.
    /// </summary>
    private const long ShortlyAfterEndNs = 100_000_000;

    /// <summary>
    /// Provides of one key that start closer together than this are too close to tell apart. In captures where a classic provider and a
    /// command provide the same key at once, 25 of 65 such requests start less than 1 ms after the later start; the other 40 start more
    /// than 10 s after both have ended, and nothing in the spans tells whose they are. The starts are at least 1.2 ms apart.
    /// </summary>
    private const long TellApartNs = 1_000_000;

    /// <summary>
    /// Whether a part can belong to an operation: message, key and node are the same, and the part starts between the start of the
    /// operation and 60 s after its end.
    /// </summary>
    /// <param name="operation">The operation. If it has not ended, every part within 60 s of its start can belong to it.</param>
    /// <param name="part">The part.</param>
    public static bool Belongs(Operation operation, LoosePart part) =>
        !operation.Background
        && Stores(operation.Type) == part.Type
        && operation.Key is { } key
        && string.Equals(key.Bytes, part.KeyBytes, StringComparison.Ordinal)
        && string.Equals(operation.Service, part.Service, StringComparison.Ordinal)
        && string.Equals(operation.Instance, part.Instance, StringComparison.Ordinal)
        && (operation.Node is null || part.Node is null || string.Equals(operation.Node, part.Node, StringComparison.Ordinal))
        && part.StartUnixNano >= operation.StartUnixNano
        && SpanReading.Nanoseconds(operation.StartUnixNano, part.StartUnixNano) <= (operation.DurationNs ?? 0) + LatestAfterEndNs;

    /// <summary>
    /// The operations that a part may belong to. Operations that were running when the part started come first. If there are none: those
    /// that ended less than 100 ms before. Otherwise: all that fit. Of several, the one that started last, and those that started less than
    /// 1 ms before it. The owner is known only if the result is one operation.
    /// </summary>
    public static IReadOnlyList<Operation> Owners(IEnumerable<Operation> candidates, LoosePart part)
    {
        var belongs = candidates.Where(candidate => Belongs(candidate, part)).ToList();
        if (belongs.Count < 2)
        {
            return belongs;
        }

        var during = belongs.FindAll(candidate => StartedBy(candidate, part, 0));
        var shortlyAfter = during.Count > 0 ? during : belongs.FindAll(candidate => StartedBy(candidate, part, ShortlyAfterEndNs));
        var fitting = shortlyAfter.Count > 0 ? shortlyAfter : belongs;
        var last = fitting.Max(static candidate => candidate.StartUnixNano);
        return fitting.FindAll(candidate => SpanReading.Nanoseconds(candidate.StartUnixNano, last) < TellApartNs);
    }

    /// <summary>The only operation that a part may belong to; null when there is none or more than one.</summary>
    public static Operation? Owner(IEnumerable<Operation> candidates, LoosePart part) =>
        Owners(candidates, part) is [var only] ? only : null;

    /// <summary>
    /// Adds the matching parts to an operation and its decisive query. Parts of a provide become rows, requests, sent counts and results of
    /// the query. Corrections of a value search are only linked, because the caller did not wait for them.
    /// </summary>
    /// <param name="operation">The operation from its own trace.</param>
    /// <param name="query">Its decisive query from its own trace, with peers.</param>
    /// <param name="parts">Parts in any order. Parts of other operations are ignored, and a part may come twice.</param>
    public static (Operation Operation, Query Query) Join(Operation operation, Query query, IEnumerable<LoosePart> parts)
    {
        var own = parts
            .Where(part => Belongs(operation, part))
            .DistinctBy(static part => part.Id)
            .OrderBy(static part => part.StartUnixNano)
            .ThenBy(static part => part.Id.SpanId)
            .ToList();
        if (own.Count == 0)
        {
            return (operation, query);
        }

        var joined = operation with { Parts = [.. own.Select(static part => part.Id)] };
        if (operation.Type != QueryType.AddProvider)
        {
            return (joined, query);
        }

        var stored = WithStores(query, own);
        joined = joined with
        {
            Results = stored.Counts.Results,
            Queries =
            [
                .. operation.Queries.Select(side =>
                    side.Id == stored.Id ? side with { Skipped = stored.Skipped, Outcome = stored.Outcome } : side
                ),
            ],
        };
        return (joined, stored);
    }

    private static bool StartedBy(Operation operation, LoosePart part, long afterEndNs) =>
        operation.DurationNs is not { } duration
        || SpanReading.Nanoseconds(operation.StartUnixNano, part.StartUnixNano) <= duration + afterEndNs;

    private static MessageType? Stores(QueryType type) =>
        type switch
        {
            QueryType.AddProvider => MessageType.AddProvider,
            QueryType.GetValue => MessageType.PutValue,
            _ => null,
        };

    private static Query WithStores(Query query, List<LoosePart> parts)
    {
        var target = query.Key is { } key ? KadId.Of(Convert.FromHexString(key.Bytes)) : (KadId?)null;
        var order = query.Peers.Max(static peer => peer.Order) ?? 0;
        var rows = query.Peers.ToList();
        var rowOf = new Dictionary<string, int>(rows.Count, StringComparer.Ordinal);
        for (var i = 0; i < rows.Count; i++)
        {
            rowOf.TryAdd(rows[i].Id, i);
        }

        var added = 0;
        var noLongerRemaining = 0;
        foreach (var part in parts)
        {
            var request = new PeerRequest
            {
                Type = part.Type,
                StartNs = SpanReading.Nanoseconds(query.StartUnixNano, part.StartUnixNano),
                DurationNs = part.DurationNs,
                Outcome = part.Outcome,
                Error = part.Error,
            };
            if (rowOf.TryGetValue(part.Peer, out var at))
            {
                var row = rows[at];
                noLongerRemaining += row.Requests.IsEmpty && row.Dial is null ? 1 : 0;
                rows[at] = row with
                {
                    Order = row.Order ?? ++order,
                    Requests = [.. row.Requests, request],
                    State = row.State is PeerState.Answered or PeerState.Sent ? row.State : State(request.Outcome),
                };
            }
            else
            {
                // The trace of the provide does not show this peer, so its referrer and hops are unknown.
                added++;
                rowOf.Add(part.Peer, rows.Count);
                rows.Add(
                    new QueryPeer
                    {
                        Id = part.Peer,
                        Order = ++order,
                        Xor = target is { } id && PeerText.KadId(part.Peer) is { } peer ? id.XorBitLength(peer) : null,
                        State = State(request.Outcome),
                        Requests = [request],
                    }
                );
            }
        }

        var sent = rows.Sum(static row => row.Requests.Count(IsSent));
        return query with
        {
            Skipped = false,
            Peers = [.. rows],
            Counts = query.Counts with
            {
                Seen = query.Counts.Seen + added,
                SeenComplete = query.Counts.SeenComplete && added == 0,
                Queried = rows.Count(LookupBuilder.WasQueried),
                Remaining = query.Counts.Remaining - noLongerRemaining,
                Sent = sent,
                Results = rows.Count(static row => row.Requests.Any(IsSent)),
            },
        };
    }

    private static bool IsSent(PeerRequest request) => request is { Type: MessageType.AddProvider, Outcome: RequestOutcome.Sent };

    private static PeerState State(RequestOutcome outcome) =>
        outcome switch
        {
            RequestOutcome.Sent => PeerState.Sent,
            RequestOutcome.Answered => PeerState.Answered,
            RequestOutcome.Failed => PeerState.RequestFailed,
            RequestOutcome.Cancelled => PeerState.Cancelled,
            RequestOutcome.Unknown => PeerState.Unknown,
            _ => PeerState.NoAnswer,
        };
}
