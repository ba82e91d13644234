using System.Collections.Immutable;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Model;

/// <summary>
/// One thing that somebody asked of the DHT: the outermost DHT-related span with the queries below it. Lists, searches, statistics and
/// comparisons count operations. One <c>routing findprovs</c> of Kubo is one operation with a query on the WAN side and a query on the LAN
/// side. Times are nanoseconds after the operation's start.
/// </summary>
public sealed record Operation
{
    /// <summary>Permalink: the outermost DHT-related span, or the query's own root when there is none above.</summary>
    public required QueryId Id { get; init; }

    /// <summary>What the operation was for.</summary>
    public required QueryType Type { get; init; }

    /// <summary>What was looked for; null when the trace does not hold it, and when there are several keys.</summary>
    public QueryKey? Key { get; init; }

    /// <summary>Number of keys: 1, or more for a provide of many keys; null when unknown.</summary>
    public int? KeyCount { get; init; } = 1;

    /// <summary>The program that wrote the spans.</summary>
    public required TraceSource Source { get; init; }

    /// <summary><c>service.name</c>; null when absent.</summary>
    public string? Service { get; init; }

    /// <summary>Peer id of the querying node, in base58; null when unknown.</summary>
    public string? Node { get; init; }

    /// <summary><c>service.instance.id</c> of the resource, which may be any text; null when absent.</summary>
    public string? Instance { get; init; }

    /// <summary>True for work that the node did for itself, such as a refresh or the provide sweep.</summary>
    public bool Background { get; init; }

    /// <summary>Why the node did it; null when somebody asked for it, and when the trace does not show why.</summary>
    public BackgroundKind? BackgroundKind { get; init; }

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC. An incomplete operation starts with its earliest known span.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>Duration of its own span in nanoseconds; null when the end is unknown.</summary>
    public long? DurationNs { get; init; }

    /// <summary>What the caller got.</summary>
    public required QueryOutcome Outcome { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public TraceError? Error { get; init; }

    /// <summary>The earliest discovery of its queries, in nanoseconds after the operation's start; null when unknown.</summary>
    public long? DiscoveryNs { get; init; }

    /// <summary>Number of distinct results that the caller got; null when the trace does not show it.</summary>
    public int? Results { get; init; }

    /// <summary>Its queries, sorted by start and then by id. Queries that had nobody to ask are marked as skipped.</summary>
    public ImmutableArray<OperationQuery> Queries { get; init; } = [];

    /// <summary>The query that gave the answer, or else the one that ended last; null when there is none.</summary>
    public QueryId? Decisive { get; init; }

    /// <summary>
    /// HTTP routers (delegated routing) that were asked beside the DHT, sorted by start. Results may have come from them.
    /// </summary>
    public ImmutableArray<OperationRouter> Routers { get; init; } = [];

    /// <summary>
    /// Requests in other traces that belong to this operation, sorted by start. Empty until they are
    /// joined, because one trace alone does not show them.
    /// </summary>
    public ImmutableArray<QueryId> Parts { get; init; } = [];

    /// <summary>
    /// Number of requests in other traces that may belong to this operation or to another one with the same key and node. They are not
    /// joined.
    /// </summary>
    public int UnclearParts { get; init; }

    /// <summary>True when its span names a parent that never arrived. Who asked for the operation is then unknown.</summary>
    public bool ParentIsMissing { get; init; }

    /// <summary>
    /// For a stream of query events that is not joined with spans: the number of operations from spans that fit it. A stream is joined when
    /// exactly one operation fits it, and that operation fits no other stream. Null for every other operation, and until other traces were
    /// searched.
    /// </summary>
    public int? SpansThatFit { get; init; }

    /// <summary>The spans above it (an HTTP command, a bitswap session), outermost first.</summary>
    public ImmutableArray<OperationContext> Context { get; init; } = [];

    /// <summary>
    /// The span of the command that asked for it; several operations of one command share it. Null when no command is above.
    /// </summary>
    public SpanId? Command { get; init; }

    /// <summary>
    /// What became of the providers, when a block request (<c>cat</c>, a gateway) asked for them; null for every other operation. Lists of
    /// operations leave it out.
    /// </summary>
    public ProviderFates? Fates { get; init; }

    /// <summary>Version of the analysis that made it, when it is older than this program's; else null.</summary>
    public int? AnalysisVersion { get; init; }
}

/// <param name="Id">Its permalink.</param>
/// <param name="Side">Which DHT of a dual DHT; null where there are no sides.</param>
/// <param name="Skipped">True when it had nobody to ask.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="DurationNs">Duration in nanoseconds; null when the end is unknown.</param>
public sealed record OperationQuery(QueryId Id, DhtSide? Side, bool Skipped, QueryOutcome Outcome, long? DurationNs);

/// <summary>An HTTP router that was asked beside the DHT.</summary>
/// <param name="SpanId">The span.</param>
/// <param name="Name">Its name, such as <c>DelegatedHTTPClient.FindProviders</c>.</param>
/// <param name="StartNs">Start, in nanoseconds after the operation's start.</param>
/// <param name="DurationNs">Duration in nanoseconds; null when it never ended.</param>
/// <param name="Error">Why it failed. Its text is often empty, because Kubo's HTTP client sets the status without a text.</param>
public sealed record OperationRouter(SpanId SpanId, string Name, long StartNs, long? DurationNs, TraceError? Error);

/// <summary>A span above an operation.</summary>
/// <param name="SpanId">The span.</param>
/// <param name="Name">Its name, such as <c>POST /api/v0/</c>.</param>
/// <param name="Detail">
/// Distinguishes it from spans of the same name, such as <c>/api/v0/routing/findprovs</c>; null when nothing does.
/// </param>
public sealed record OperationContext(SpanId SpanId, string Name, string? Detail);

/// <summary>
/// A request that is alone in its trace and belongs to an operation of another trace: the PutProvider of an optimistic provide, or the
/// correction after a value search. It is joined to its operation by node, key and time, when either of them arrives.
/// </summary>
public sealed record LoosePart
{
    /// <summary>Its span.</summary>
    public required QueryId Id { get; init; }

    public required MessageType Type { get; init; }

    /// <summary>The key's bytes in hex, as in <see cref="QueryKey.Bytes"/>.</summary>
    public required string KeyBytes { get; init; }

    /// <summary>Peer id of the peer it was sent to, in base58.</summary>
    public required string Peer { get; init; }

    /// <summary><c>service.name</c>; null when absent.</summary>
    public string? Service { get; init; }

    /// <summary><c>service.instance.id</c> of the resource, which may be any text; null when absent.</summary>
    public string? Instance { get; init; }

    /// <summary>Peer id of the sending node, from the resource; null when unknown.</summary>
    public string? Node { get; init; }

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>Duration in nanoseconds; null when it never ended.</summary>
    public long? DurationNs { get; init; }

    /// <summary>How it ended.</summary>
    public required RequestOutcome Outcome { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public TraceError? Error { get; init; }
}
