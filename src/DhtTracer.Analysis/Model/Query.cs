using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Model;

/// <summary>The permalink of a query: its trace and its root span. It is the same on every installation.</summary>
/// <param name="TraceId">The trace.</param>
/// <param name="SpanId">The root span, which may be missing itself.</param>
public readonly record struct QueryId(TraceId TraceId, SpanId SpanId)
{
    /// <summary><c>{traceId}-{spanId}</c>, lower-case hex.</summary>
    public override string ToString() => $"{TraceId}-{SpanId}";

    /// <summary>Reads the text that <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string? text, out QueryId id)
    {
        id = default;
        if (
            text is null
            || text.Length != 49
            || text[32] != '-'
            || !TraceId.TryParse(text[..32], out var traceId)
            || !SpanId.TryParse(text[33..], out var spanId)
        )
        {
            return false;
        }

        id = new QueryId(traceId, spanId);
        return true;
    }
}

/// <summary>What was looked for.</summary>
/// <param name="Text">
/// Canonical text: peer id in base58, CID as in the trace (CIDv1 base32 when only bytes are known), <c>/ipns/&lt;id&gt;</c>,
/// <c>/pk/&lt;id&gt;</c>, else the text, else multibase base16.
/// </param>
/// <param name="Bytes">The bytes that are hashed, in hex: the peer id's bytes, the CID's multihash, or the record key.</param>
/// <param name="KadId">SHA-256 of the bytes, in hex.</param>
public sealed record QueryKey(string Text, string Bytes, string KadId);

/// <summary>An error: its class, from a fixed list, and its text in the trace.</summary>
/// <param name="Class">One of <see cref="ErrorClass"/>.</param>
/// <param name="Text">The text in the trace; null when there is none.</param>
public sealed record TraceError(string Class, string? Text);

/// <summary>Parameters of a lookup; null where the trace does not hold them.</summary>
/// <param name="Alpha">Most requests in flight at once.</param>
/// <param name="Beta">Number of closest peers that must have answered before the end.</param>
/// <param name="K">Bucket size, and number of closest peers in the result.</param>
public sealed record QueryParameters(int? Alpha, int? Beta, int? K);

/// <summary>Counts of a query; null where the trace does not show them.</summary>
public sealed record QueryCounts
{
    /// <summary>Distinct peers heard of, routing-table seeds included.</summary>
    public int? Seen { get; init; }

    /// <summary>Peers sent at least one request.</summary>
    public int? Queried { get; init; }

    /// <summary>Peers to which a new connection was attempted.</summary>
    public int? Dialed { get; init; }

    /// <summary>Number of these dials that failed.</summary>
    public int? DialFailed { get; init; }

    /// <summary>Connected but never sent a request.</summary>
    public int? ToQuery { get; init; }

    /// <summary>Heard of, never dialed nor queried.</summary>
    public int? Remaining { get; init; }

    /// <summary>Number of records or providers found; 1 for a found peer.</summary>
    public int? Results { get; init; }

    /// <summary>Peers returned by all answers together, counted per answer.</summary>
    public int? Returned { get; init; }

    /// <summary>Requests sent to a peer that this query had already asked (the mark <c>⚠ dup</c>).</summary>
    public int? Duplicates { get; init; }

    /// <summary>False when <see cref="Seen"/> is only a lower bound, because the trace does not show every peer.</summary>
    public bool SeenComplete { get; init; } = true;

    /// <summary>
    /// Number of ADD_PROVIDER messages written. The protocol has no answer to them. Null for queries that store no provider record.
    /// </summary>
    public int? Sent { get; init; }
}

/// <summary>
/// What was lost before it arrived, as far as it is known. While it is not zero, a request without a span may still have been sent.
/// </summary>
/// <param name="Spans">Lower bound of the missing spans: those that other spans name or imply.</param>
/// <param name="Events">Events that the sender dropped from spans of this query.</param>
public readonly record struct MissingParts(int Spans, int Events);

/// <summary>A query without its peers, as in a row of the list. Times inside a query are nanoseconds after its start.</summary>
public record QuerySummary
{
    /// <summary>Permalink.</summary>
    public required QueryId Id { get; init; }

    /// <summary>The outermost DHT-related span above, or else the query's own id.</summary>
    public required QueryId OperationId { get; init; }

    /// <summary>True for a lookup that the node made for itself: refresh, bootstrap, probe, crawl or sweeping provide.</summary>
    public bool Background { get; init; }

    /// <summary>Which DHT of a dual DHT it asked; null where there are no sides.</summary>
    public DhtSide? Side { get; init; }

    /// <summary>True when it had nobody to ask (an empty routing table, a local hit). Statistics do not count it.</summary>
    public bool Skipped { get; init; }

    /// <summary>What the query was for.</summary>
    public required QueryType Type { get; init; }

    /// <summary>What was looked for; null when the trace does not hold it.</summary>
    public QueryKey? Key { get; init; }

    /// <summary>The program that wrote the spans.</summary>
    public required TraceSource Source { get; init; }

    /// <summary><c>service.name</c>; null when absent.</summary>
    public string? Service { get; init; }

    /// <summary>Peer id of the querying node, in base58; null when unknown.</summary>
    public string? Node { get; init; }

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC. An incomplete query starts with its earliest known span.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>Duration in nanoseconds; null when the end is unknown.</summary>
    public long? DurationNs { get; init; }

    /// <summary>How it ended.</summary>
    public required QueryOutcome Outcome { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public TraceError? Error { get; init; }

    /// <summary>Why it stopped asking; null when unknown.</summary>
    public QueryTermination? Termination { get; init; }

    /// <summary>When the final answer was first known, in nanoseconds after the start; null when unknown.</summary>
    public long? DiscoveryNs { get; init; }

    /// <summary>The peer whose answer held the final answer; null for the routing table, and when unknown.</summary>
    public string? DiscoveredBy { get; init; }

    /// <summary>What was lost before it arrived.</summary>
    public MissingParts Missing { get; init; }

    /// <summary>When the first answer of any peer came, in nanoseconds after the start; null when unknown.</summary>
    public long? FirstAnswerNs { get; init; }

    /// <summary>Lookup parameters.</summary>
    public QueryParameters Parameters { get; init; } = new(null, null, null);

    public QueryCounts Counts { get; init; } = new();

    /// <summary>XOR (bit length of the distance, 0 to 256) of the closest peer that answered; null when unknown.</summary>
    public int? Xor { get; init; }

    /// <summary>Greatest hop count of a queried peer; null when unknown.</summary>
    public int? Hops { get; init; }

    /// <summary>Certain lower bound of the hops, also while <see cref="Hops"/> is null; null when nothing is certain.</summary>
    public int? HopsAtLeast { get; init; }

    /// <summary>Version of the analysis that made it, when it is older than this program's; else null.</summary>
    public int? AnalysisVersion { get; init; }
}

/// <summary>A query with every peer that it heard of.</summary>
public sealed record Query : QuerySummary
{
    /// <summary>Every peer seen, in the order in which it was heard of, then by id.</summary>
    public ImmutableArray<QueryPeer> Peers { get; init; } = [];

    /// <summary>
    /// When the lookup stopped choosing peers to ask, in nanoseconds after the start; null when the trace does not show it. Requests in
    /// flight can continue after it, and a follow-up can start.
    /// </summary>
    public long? TerminatedNs { get; init; }

    /// <summary>
    /// The rules of lookups that it breaks: bit <c>n</c> for rule <c>DHTn</c>, as <c>QueryLint.Mask</c> has them. Null when it was not
    /// checked.
    /// </summary>
    [JsonIgnore]
    public long? LintMask { get; init; }

    /// <summary>What the duration was spent on, from the critical path; null without a path, because the end is unknown.</summary>
    public PhaseTimes? Phases { get; init; }
}

/// <summary>
/// What the duration of a query was spent on, in nanoseconds. The values are sums over its critical path and add up to the duration. Each
/// segment is in exactly one phase. Stores and follow-up requests have their own phases. Waits after the answer was known are the tail. The
/// phase of all other segments follows from what they are.
/// </summary>
/// <param name="OwnNs">The node's own work before, between and after its dials and requests.</param>
/// <param name="FirstPeersNs">The first dials and requests, to peers of the routing table.</param>
/// <param name="DialsNs">Later dials.</param>
/// <param name="RequestsNs">Later requests.</param>
/// <param name="TailNs">Waits for dials and requests after the answer was known, or after the lookup stopped choosing peers.</param>
/// <param name="FollowUpNs">The follow-up: requests to those of the K closest that had not answered when the lookup stopped.</param>
/// <param name="StoresNs">Stores: PUT_VALUE and ADD_PROVIDER, including dials for them.</param>
/// <param name="UnknownNs">Time that the trace does not explain.</param>
public sealed record PhaseTimes(
    long OwnNs,
    long FirstPeersNs,
    long DialsNs,
    long RequestsNs,
    long TailNs,
    long FollowUpNs,
    long StoresNs,
    long UnknownNs
)
{
    /// <summary>The sum of all phases, which is the duration.</summary>
    public long TotalNs => OwnNs + FirstPeersNs + DialsNs + RequestsNs + TailNs + FollowUpNs + StoresNs + UnknownNs;

    /// <summary>All phases, in the order of the parameters.</summary>
    public long[] ToArray() => [OwnNs, FirstPeersNs, DialsNs, RequestsNs, TailNs, FollowUpNs, StoresNs, UnknownNs];
}
