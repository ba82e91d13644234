// Over 300 lines: the records of one model, mostly their documentation.
using System.Collections.Immutable;
using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>The permalink of a query: the trace and the span of its root. The same on every installation.</summary>
/// <param name="TraceId">The trace.</param>
/// <param name="SpanId">The root span, which may itself never have arrived.</param>
public readonly record struct QueryId(TraceId TraceId, SpanId SpanId)
{
    /// <summary><c>{traceId}-{spanId}</c>, lower-case hex.</summary>
    public override string ToString() => $"{TraceId}-{SpanId}";

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
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
/// <param name="Bytes">What is hashed, in hex: peer id bytes, the CID's multihash, the record key.</param>
/// <param name="KadId">SHA-256 of the bytes, in hex.</param>
public sealed record QueryKey(string Text, string Bytes, string KadId);

/// <summary>An error of a fixed list of classes, and the text of the trace.</summary>
/// <param name="Class">One of <see cref="ErrorClass"/>.</param>
/// <param name="Text">As in the trace; null when it says nothing.</param>
public sealed record TraceError(string Class, string? Text);

/// <summary>Parameters of a lookup; null where the trace does not tell them.</summary>
/// <param name="Alpha">Requests in flight at most.</param>
/// <param name="Beta">Closest peers that must have answered before the end.</param>
/// <param name="K">Bucket size and width of the result.</param>
public sealed record QueryParameters(int? Alpha, int? Beta, int? K);

/// <summary>Counts of a query; null where the trace cannot tell.</summary>
public sealed record QueryCounts
{
    /// <summary>Distinct peers heard of, routing-table seeds included.</summary>
    public int? Seen { get; init; }

    /// <summary>Peers sent at least one request.</summary>
    public int? Queried { get; init; }

    /// <summary>Peers to which a new connection was attempted.</summary>
    public int? Dialed { get; init; }

    /// <summary>Of these, dials that failed.</summary>
    public int? DialFailed { get; init; }

    /// <summary>Connected but never sent a request.</summary>
    public int? ToQuery { get; init; }

    /// <summary>Heard of, never dialed nor queried.</summary>
    public int? Remaining { get; init; }

    /// <summary>Records, providers or the peer found.</summary>
    public int? Results { get; init; }

    /// <summary>Peers returned by all answers together, counted per answer.</summary>
    public int? Returned { get; init; }

    /// <summary>Requests sent to a peer that this query had already asked (the mark <c>⚠ dup</c>).</summary>
    public int? Duplicates { get; init; }

    /// <summary>False when <see cref="Seen"/> is only a lower bound: there are peers that the trace does not show.</summary>
    public bool SeenComplete { get; init; } = true;

    /// <summary>ADD_PROVIDER messages that were written. The protocol does not answer them. Null for queries that store no provider
    /// record.</summary>
    public int? Sent { get; init; }
}

/// <summary>What is known to have been lost before it arrived. While it is not zero, an absent request is unknown, not "not
/// asked".</summary>
/// <param name="Spans">Spans that other spans name or imply, and that are not there. A lower bound.</param>
/// <param name="Events">Events that the sender dropped from spans of this query.</param>
public readonly record struct MissingParts(int Spans, int Events);

/// <summary>A query without its peers: a row of the list. Times inside a query are nanoseconds after its start.</summary>
public record QuerySummary
{
    /// <summary>Permalink.</summary>
    public required QueryId Id { get; init; }

    /// <summary>The outermost DHT-related span above, else the query's own id.</summary>
    public required QueryId OperationId { get; init; }

    /// <summary>A lookup that the node made for itself: refresh, bootstrap, probe, crawl or sweeping provide.</summary>
    public bool Background { get; init; }

    /// <summary>Which of a dual node's two DHTs it asked; null where there are no sides.</summary>
    public DhtSide? Side { get; init; }

    /// <summary>It had nobody to ask (an empty routing table, a local hit). Statistics do not count it.</summary>
    public bool Skipped { get; init; }

    /// <summary>What it was for.</summary>
    public required QueryType Type { get; init; }

    /// <summary>What was looked for; null when the trace does not tell it.</summary>
    public QueryKey? Key { get; init; }

    /// <summary>Whose spans.</summary>
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

    /// <summary>Why it failed.</summary>
    public TraceError? Error { get; init; }

    /// <summary>Why it stopped asking.</summary>
    public QueryTermination? Termination { get; init; }

    /// <summary>When the final answer was first known, in nanoseconds after the start.</summary>
    public long? DiscoveryNs { get; init; }

    /// <summary>Peer id of the peer whose answer carried the final answer; null for the routing table, and when unknown.</summary>
    public string? DiscoveredBy { get; init; }

    /// <summary>What is known to have been lost.</summary>
    public MissingParts Missing { get; init; }

    /// <summary>When the first answer of any peer came, in nanoseconds after the start.</summary>
    public long? FirstAnswerNs { get; init; }

    /// <summary>Lookup parameters.</summary>
    public QueryParameters Parameters { get; init; } = new(null, null, null);

    /// <summary>Counts.</summary>
    public QueryCounts Counts { get; init; } = new();

    /// <summary>XOR (bit length of the distance, 0 to 256) of the closest peer that answered.</summary>
    public int? Xor { get; init; }

    /// <summary>Greatest hops of a queried peer; null when unknown.</summary>
    public int? Hops { get; init; }

    /// <summary>A lower bound of the hops that is certain even when <see cref="Hops"/> is null; null when nothing is.</summary>
    public int? HopsAtLeast { get; init; }

    /// <summary>The <see cref="Analysis.AnalysisVersion"/> that found it, when it is stored and not this program's; else null.</summary>
    public int? AnalysisVersion { get; init; }
}

/// <summary>A query with every peer it heard of.</summary>
public sealed record Query : QuerySummary
{
    /// <summary>Every peer seen, in the order heard, then by time, then by id.</summary>
    public ImmutableArray<QueryPeer> Peers { get; init; } = [];

    /// <summary>
    /// When the lookup stopped choosing peers to ask, in nanoseconds after the start; null when the trace does not tell. Requests under way
    /// then can go on, and a follow-up can come after it.
    /// </summary>
    public long? TerminatedNs { get; init; }

    /// <summary>What the duration was spent on, by the critical path. Null when there is no path, because the end is not known.</summary>
    public PhaseTimes? Phases { get; init; }
}

/// <summary>
/// What the duration of a query was spent on, in nanoseconds: the parts of its critical path. They add up to the duration. Each part is in
/// exactly one phase: a store or a follow-up request in that phase, what was waited for after the answer was known in the tail, the rest by
/// what it is.
/// </summary>
/// <param name="OwnNs">The node's own work before, between and after its dials and requests.</param>
/// <param name="FirstPeersNs">Dials and requests of the peers of the routing table that were asked first.</param>
/// <param name="DialsNs">Later dials.</param>
/// <param name="RequestsNs">Later requests.</param>
/// <param name="TailNs">Dials and requests waited for after the answer was known, or after the lookup stopped choosing peers.</param>
/// <param name="FollowUpNs">The follow-up: asking those of the K closest that had not answered when the lookup stopped.</param>
/// <param name="StoresNs">Storing: PUT_VALUE and ADD_PROVIDER, dials for them included.</param>
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
    /// <summary>All phases together: the duration.</summary>
    public long TotalNs => OwnNs + FirstPeersNs + DialsNs + RequestsNs + TailNs + FollowUpNs + StoresNs + UnknownNs;
}

/// <summary>One peer of a query: a row of the waterfall. Times are nanoseconds after the query's start.</summary>
public sealed record QueryPeer
{
    /// <summary>Peer id in base58.</summary>
    public required string Id { get; init; }

    /// <summary>1 for the first peer that was sent anything, null when it never was.</summary>
    public int? Order { get; init; }

    /// <summary>Bit length of the XOR distance to the target, 0 to 256; null when the target is unknown.</summary>
    public int? Xor { get; init; }

    /// <summary>0 for a peer of the node's own routing table, otherwise 1 + the hops of its referrer; null when unknown.</summary>
    public int? Hops { get; init; }

    /// <summary>A lower bound of the hops that is certain even when <see cref="Hops"/> is null; null when nothing is.</summary>
    public int? HopsAtLeast { get; init; }

    /// <summary>The peer whose answer first named it; null for a peer of the routing table, and when unknown.</summary>
    public string? Referrer { get; init; }

    /// <summary>The referrer was not read from an answer but follows from a rule that holds in every measured case.</summary>
    public bool ReferrerInferred { get; init; }

    /// <summary>The peer whose answer triggered the request to this one; null for the first ones and when unknown. Not the
    /// referrer.</summary>
    public string? AskedAfter { get; init; }

    /// <summary>Its parts of the critical path, in nanoseconds: how long the query waited for it. Null when there is no path.</summary>
    public long? TimeLostNs { get; init; }

    /// <summary>When it was first heard of.</summary>
    public long? HeardNs { get; init; }

    /// <summary>
    /// When the lookup had taken in its answer or failure and could act on it; null when the trace does not tell, and then it is the end of
    /// its request or dial.
    /// </summary>
    public long? TakenNs { get; init; }

    /// <summary>How far it got.</summary>
    public required PeerState State { get; init; }

    /// <summary>The dial; null when the trace does not show dialing apart.</summary>
    public PeerDial? Dial { get; init; }

    /// <summary>Requests in the order sent.</summary>
    public ImmutableArray<PeerRequest> Requests { get; init; } = [];

    /// <summary>A request was sent to it although this query had already queried it, or it was added twice (2019 log).</summary>
    public bool Duplicate { get; init; }

    /// <summary>Agent version from identify.</summary>
    public string? Agent { get; init; }

    /// <summary>Round trip to it in nanoseconds, as the querying node had measured it apart from this query; null when unknown.</summary>
    public long? LatencyNs { get; init; }

    /// <summary>Multiaddrs known from the trace.</summary>
    public ImmutableArray<string> Addresses { get; init; } = [];

    /// <summary>Protocols from identify; empty when the trace does not tell them.</summary>
    public ImmutableArray<string> Protocols { get; init; } = [];
}

/// <summary>A dial. Times are nanoseconds after the query's start.</summary>
/// <param name="StartNs">Start.</param>
/// <param name="DurationNs">Duration; null when it never ended.</param>
/// <param name="Reused">An existing connection was used; null when unknown.</param>
/// <param name="Error">Why it failed.</param>
public sealed record PeerDial(long StartNs, long? DurationNs, bool? Reused, TraceError? Error);

/// <summary>A request. Times are nanoseconds after the query's start.</summary>
public sealed record PeerRequest
{
    /// <summary>The message.</summary>
    public required MessageType Type { get; init; }

    /// <summary>Start; null when the trace does not tell when it was sent.</summary>
    public required long? StartNs { get; init; }

    /// <summary>Duration; null when it never ended, and when its start or end is unknown.</summary>
    public long? DurationNs { get; init; }

    /// <summary>How it ended.</summary>
    public required RequestOutcome Outcome { get; init; }

    /// <summary>Why it failed.</summary>
    public TraceError? Error { get; init; }

    /// <summary>Distinct peers in the answer, the querying node left out where it is known.</summary>
    public int? Returned { get; init; }

    /// <summary>Those of them that this query had not heard of before that answer.</summary>
    public int? New { get; init; }

    /// <summary>
    /// The peers counted by <see cref="Returned"/>: base58 ids in the order of the answer, each once, the querying node left out where it
    /// is known. <c>default</c> when the trace does not list them. They have rows in <see cref="Query.Peers"/>, but for those that only
    /// answers after the end of the lookup name. Needed to say who named whom beyond the first time, and to replay a lookup in another
    /// order.
    /// </summary>
    public ImmutableArray<string> Named { get; init; }

    /// <summary>Providers in the answer.</summary>
    public int? Providers { get; init; }

    /// <summary>Records in the answer.</summary>
    public int? Records { get; init; }

    /// <summary>
    /// When it ended, in nanoseconds after the query's start. The end can be known where the start is not (a log that tells answers only).
    /// Null when unknown.
    /// </summary>
    public long? EndNs
    {
        get => field ?? (StartNs + DurationNs);
        init;
    }
}
