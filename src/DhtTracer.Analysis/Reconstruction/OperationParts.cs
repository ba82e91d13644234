using System.Collections.Immutable;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis;

/// <summary>
/// Joins requests that stand alone in their traces to the operation of another trace that they belong to. An optimistic provide sends its
/// provider records this way, and a value search its corrections. Pure: the archive finds candidates by key and calls this when either side
/// arrives.
/// </summary>
public static class OperationParts
{
    /// <summary>How long after the end of an operation its parts may still start, in nanoseconds: 60 s.</summary>
    public const long LatestAfterEndNs = 60_000_000_000;

    /// <summary>
    /// Measured on 494 parts of captures that can be of one operation only: they start before its end (320), at most 9.1 ms after it (74),
    /// or more than a second after it (100, of provides).
    /// </summary>
    private const long ShortlyAfterEndNs = 100_000_000;

    /// <summary>Whether a part belongs to an operation: the same message, key and node, and it started between the start and 60 s after the
    /// end.</summary>
    /// <param name="operation">An operation. Of one that has not ended, every later part within 60 s of its start may be a part.</param>
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
    /// The operations that a part can be of. A part that started while an operation ran is of one that ran then; else of one that ended
    /// less than 100 ms before; else of any that it belongs to. Only when this is one operation is it known whose part it is.
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
        return shortlyAfter.Count > 0 ? shortlyAfter : belongs;
    }

    /// <summary>The operation that a part belongs to; null when it belongs to none, and when it can be of several.</summary>
    public static Operation? Owner(IEnumerable<Operation> candidates, LoosePart part) =>
        Owners(candidates, part) is [var only] ? only : null;

    /// <summary>
    /// An operation and its decisive query with the parts that belong to it. The parts of a provide become rows, requests, sent counts and
    /// results of the query; corrections of a value search are only linked, they are no part of what the caller waited for.
    /// </summary>
    /// <param name="operation">The operation as one trace tells it.</param>
    /// <param name="query">Its decisive query as one trace tells it, with peers.</param>
    /// <param name="parts">Parts in any order; those that do not belong to the operation are passed over. The same part may come
    /// twice.</param>
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
                // The trace of the provide does not show this peer: who named it, and over how many hops, is unknown.
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
