using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Records;

/// <summary>What one operation shows of a record: that it was published, or who held it when somebody looked.</summary>
public sealed record RecordSighting
{
    /// <summary>Most peers and values of one operation that are kept. The protocol asks and stores with some 20 to 50.</summary>
    public const int Most = 1000;

    /// <summary>The operation.</summary>
    public required QueryId Operation { get; init; }

    /// <summary>The record's key.</summary>
    public required QueryKey Key { get; init; }

    /// <summary>What the operation was for: get-providers, get-value, add-provider or put-value.</summary>
    public required QueryType Type { get; init; }

    /// <summary>Start of the operation, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>Duration in nanoseconds; null when the end is unknown.</summary>
    public long? DurationNs { get; init; }

    public required QueryOutcome Outcome { get; init; }

    /// <summary>Peer id of the node that published or looked, in base58; null when unknown.</summary>
    public string? Node { get; init; }

    /// <summary><c>service.name</c>; null when absent.</summary>
    public string? Service { get; init; }

    /// <summary>True when the node did it by itself, such as a periodic republication.</summary>
    public bool Background { get; init; }

    /// <summary>A publication: the peers that the record was sent to. Nobody knows whether they stored it.</summary>
    public ImmutableArray<string> SentTo { get; init; } = [];

    /// <summary>A lookup: the peers whose answer tells whether they hold the record; null when the trace does not show it.</summary>
    public int? Answered { get; init; }

    /// <summary>A lookup: the peers whose answer held the record.</summary>
    public ImmutableArray<string> Holders { get; init; } = [];

    /// <summary>
    /// A lookup: whether it asked on until it had the closest peers. False when it stopped at a quorum or was cut off, so its holders are
    /// too few.
    /// </summary>
    public bool Complete { get; init; }

    /// <summary>A lookup of an IPNS name: the distinct values, the best first.</summary>
    public ImmutableArray<SeenValue> Values { get; init; } = [];

    /// <summary>Whether it published.</summary>
    public bool IsPublication => Type is QueryType.AddProvider or QueryType.PutValue;

    /// <summary>What an operation shows; null when it has nothing to do with one record.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="queries">Its queries, with peers.</param>
    public static RecordSighting? Of(Operation operation, IEnumerable<Query> queries)
    {
        if (
            operation.Key is not { } key
            || operation.Type is not (QueryType.GetProviders or QueryType.GetValue or QueryType.AddProvider or QueryType.PutValue)
        )
        {
            return null;
        }

        List<Query> asked = [.. queries.Where(static query => !query.Skipped)];
        if (asked.Count == 0)
        {
            return null;
        }

        var sighting = new RecordSighting
        {
            Operation = operation.Id,
            Key = key,
            Type = operation.Type,
            StartUnixNano = operation.StartUnixNano,
            DurationNs = operation.DurationNs,
            Outcome = operation.Outcome,
            Node = operation.Node,
            Service = operation.Service,
            Background = operation.Background,
        };
        return sighting.IsPublication ? sighting.WithReceivers(asked) : sighting.WithHolders(operation, asked);
    }

    private RecordSighting WithReceivers(List<Query> queries) =>
        this with
        {
            SentTo =
            [
                .. Peers(
                    queries,
                    static request =>
                        request
                            is { Type: MessageType.AddProvider, Outcome: RequestOutcome.Sent }
                                or { Type: MessageType.PutValue, Outcome: RequestOutcome.Answered }
                ),
            ],
            Complete = true,
        };

    private RecordSighting WithHolders(Operation operation, List<Query> queries)
    {
        List<string> answered =
        [
            .. Peers(
                queries,
                static request => request is { Type: MessageType.GetProviders, Providers: not null } or { Records: not null }
            ),
        ];
        var values = queries
            .SelectMany(static query => query.Peers)
            .SelectMany(static peer =>
                peer.Requests.Where(static request => request.Ipns is not null).Select(request => (peer.Id, request.Ipns))
            )
            .Distinct()
            .GroupBy(static found => found.Ipns!)
            .Select(static group => new SeenValue(group.Key, group.Count()))
            .OrderByDescending(static value => value.Ipns.Sequence)
            .ThenByDescending(static value => value.Ipns.EndOfLifeUnixNano ?? 0)
            .ThenBy(static value => value.Ipns.Value, StringComparer.Ordinal)
            .Take(Most);
        return this with
        {
            Answered =
                answered.Count == 0 && queries.Exists(static query => query.Peers.Any(static peer => peer.Requests.Length > 0))
                    ? null
                    : answered.Count,
            Holders = [.. Peers(queries, static request => request is { Providers: > 0 } or { Records: > 0 })],
            Complete = IsComplete(operation, queries),
            Values = [.. values],
        };
    }

    /// <summary>
    /// Name resolution (<c>Namesys.*</c> above) stops at a quorum; so does whatever was cancelled or lost spans.
    /// </summary>
    private static bool IsComplete(Operation operation, List<Query> queries) =>
        operation.Outcome is QueryOutcome.Success or QueryOutcome.NotFound
        && !operation.Context.Any(static above => above.Name.StartsWith("Namesys.", StringComparison.Ordinal))
        && queries.TrueForAll(static query =>
            query.Missing.Spans == 0
            && query.Termination is not (QueryTermination.Cancelled or QueryTermination.Stopped)
            && query.Outcome is QueryOutcome.Success or QueryOutcome.NotFound
        );

    private static IEnumerable<string> Peers(List<Query> queries, Func<PeerRequest, bool> which) =>
        queries
            .SelectMany(static query => query.Peers)
            .Where(peer => peer.Requests.Any(which))
            .Select(static peer => peer.Id)
            .Distinct(StringComparer.Ordinal)
            .Take(Most);
}

/// <summary>A value that servers sent.</summary>
/// <param name="Ipns">The value.</param>
/// <param name="Holders">Peers that sent exactly this one.</param>
public sealed record SeenValue(IpnsValue Ipns, int Holders);

/// <summary>A record that a looking node sent to a peer which lacked it, or had an older one.</summary>
/// <param name="Peer">The peer, in base58.</param>
/// <param name="StartUnixNano">When, in nanoseconds since 1970-01-01 UTC.</param>
/// <param name="Outcome">How it ended.</param>
public sealed record RecordCorrection(string Peer, ulong StartUnixNano, RequestOutcome Outcome)
{
    /// <summary>The correction that a part of a value search is; null for another part.</summary>
    public static RecordCorrection? Of(LoosePart part) =>
        part.Type == MessageType.PutValue ? new RecordCorrection(part.Peer, part.StartUnixNano, part.Outcome) : null;
}
