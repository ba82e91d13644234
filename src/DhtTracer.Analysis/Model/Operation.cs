using System.Collections.Immutable;
using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>
/// One thing that somebody asked of the DHT: the outermost DHT-related span with the queries below it. Lists, searches, statistics and
/// comparisons count operations. A Kubo's <c>routing findprovs</c> is one operation with a query on the WAN side and one on the LAN side.
/// Times are nanoseconds after the operation's start.
/// </summary>
public sealed record Operation
{
    /// <summary>Permalink: the outermost DHT-related span, or the query's own root when there is none above.</summary>
    public required QueryId Id { get; init; }

    /// <summary>What it was for.</summary>
    public required QueryType Type { get; init; }

    /// <summary>What was looked for; null when the trace does not tell it, and when there are several keys.</summary>
    public QueryKey? Key { get; init; }

    /// <summary>How many keys it was for: 1, or more for a provide of many keys; null when unknown.</summary>
    public int? KeyCount { get; init; } = 1;

    /// <summary>Whose spans.</summary>
    public required TraceSource Source { get; init; }

    /// <summary><c>service.name</c>; null when absent.</summary>
    public string? Service { get; init; }

    /// <summary>Peer id of the querying node, in base58; null when unknown.</summary>
    public string? Node { get; init; }

    /// <summary><c>service.instance.id</c> as it stands in the resource, which may be any text; null when absent.</summary>
    public string? Instance { get; init; }

    /// <summary>Something that the node did for itself, such as a refresh or the provide sweep.</summary>
    public bool Background { get; init; }

    /// <summary>Why the node did it; null when somebody asked for it, and when the trace does not tell why.</summary>
    public BackgroundKind? BackgroundKind { get; init; }

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC. An incomplete one starts with its earliest known span.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>Duration of its own span in nanoseconds; null when the end is unknown.</summary>
    public long? DurationNs { get; init; }

    /// <summary>What the caller got.</summary>
    public required QueryOutcome Outcome { get; init; }

    /// <summary>Why it failed.</summary>
    public TraceError? Error { get; init; }

    /// <summary>The earliest discovery of its queries.</summary>
    public long? DiscoveryNs { get; init; }

    /// <summary>Distinct things that the caller got; null when the trace does not tell.</summary>
    public int? Results { get; init; }

    /// <summary>Its queries, by start and then by id. Those that had nobody to ask are marked as skipped.</summary>
    public ImmutableArray<OperationQuery> Queries { get; init; } = [];

    /// <summary>The query that gave the answer, or that ended last; null when there is none.</summary>
    public QueryId? Decisive { get; init; }

    /// <summary>HTTP routers (delegated routing) that were asked beside the DHT, by start. Results may have come from them.</summary>
    public ImmutableArray<OperationRouter> Routers { get; init; } = [];

    /// <summary>
    /// Requests in other traces that belong to it, by start: see <see cref="OperationParts"/>. Empty until they are joined; one trace alone
    /// never tells them.
    /// </summary>
    public ImmutableArray<QueryId> Parts { get; init; } = [];

    /// <summary>Requests in other traces that can be of it, but of another operation of the same key and node as well: they are not
    /// joined.</summary>
    public int UnclearParts { get; init; }

    /// <summary>Nothing hangs above it although its span names a parent: that span never arrived, so who asked is unknown.</summary>
    public bool ParentIsMissing { get; init; }

    /// <summary>
    /// Of a stream of query events that is not joined with spans: how many operations that came as spans fit it. It is joined when exactly
    /// one does, and that one fits no other stream. Null for every other operation, and until other traces were looked at.
    /// </summary>
    public int? SpansThatFit { get; init; }

    /// <summary>What hangs above it (an HTTP command, a bitswap session), the outermost first.</summary>
    public ImmutableArray<OperationContext> Context { get; init; } = [];

    /// <summary>The span of the command that asked for it; several operations of one command share it. Null when no command is above
    /// it.</summary>
    public SpanId? Command { get; init; }

    /// <summary>The <see cref="Analysis.AnalysisVersion"/> that found it, when it is stored and not this program's; else null.</summary>
    public int? AnalysisVersion { get; init; }
}

/// <summary>A query of an operation.</summary>
/// <param name="Id">Its permalink.</param>
/// <param name="Side">Which DHT of a dual node.</param>
/// <param name="Skipped">It had nobody to ask.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="DurationNs">Duration in nanoseconds; null when the end is unknown.</param>
public sealed record OperationQuery(QueryId Id, DhtSide? Side, bool Skipped, QueryOutcome Outcome, long? DurationNs);

/// <summary>An HTTP router that was asked beside the DHT.</summary>
/// <param name="SpanId">The span.</param>
/// <param name="Name">Its name, such as <c>DelegatedHTTPClient.FindProviders</c>.</param>
/// <param name="StartNs">Start, in nanoseconds after the operation's start.</param>
/// <param name="DurationNs">Duration in nanoseconds; null when it never ended.</param>
/// <param name="Error">Why it failed; its text is often empty, since Kubo's HTTP client sets the status without one.</param>
public sealed record OperationRouter(SpanId SpanId, string Name, long StartNs, long? DurationNs, TraceError? Error);

/// <summary>A span above an operation.</summary>
/// <param name="SpanId">The span.</param>
/// <param name="Name">Its name, such as <c>POST /api/v0/</c>.</param>
/// <param name="Detail">What tells it apart, such as <c>/api/v0/routing/findprovs</c>; null when nothing does.</param>
public sealed record OperationContext(SpanId SpanId, string Name, string? Detail);

/// <summary>
/// A request that stands alone in its trace and belongs to an operation of another trace: the PutProvider of an optimistic provide, the
/// correction after a value search. It is joined to its operation by node, key and time when either of them arrives.
/// </summary>
public sealed record LoosePart
{
    /// <summary>Its span.</summary>
    public required QueryId Id { get; init; }

    /// <summary>The message.</summary>
    public required MessageType Type { get; init; }

    /// <summary>The key's bytes in hex, as in <see cref="QueryKey.Bytes"/>.</summary>
    public required string KeyBytes { get; init; }

    /// <summary>Peer id of the peer it was sent to, in base58.</summary>
    public required string Peer { get; init; }

    /// <summary><c>service.name</c>; null when absent.</summary>
    public string? Service { get; init; }

    /// <summary><c>service.instance.id</c> as it stands in the resource, which may be any text; null when absent.</summary>
    public string? Instance { get; init; }

    /// <summary>Peer id of the sending node where the resource tells it; null when unknown.</summary>
    public string? Node { get; init; }

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>Duration in nanoseconds; null when it never ended.</summary>
    public long? DurationNs { get; init; }

    /// <summary>How it ended.</summary>
    public required RequestOutcome Outcome { get; init; }

    /// <summary>Why it failed.</summary>
    public TraceError? Error { get; init; }
}
