using System.Diagnostics;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>
/// Sees every step of one query, in order, from one thread at a time. Spans, the record of a query in memory, the event log of
/// 2019 and the text waterfall are all made by observers, so that they cannot disagree. An observer must not throw or block, and
/// implements only what it wants to see.
/// All times are of the query's own clock, which never goes back.
/// </summary>
public interface IQueryObserver
{
    /// <summary>The query begins. Called once, before everything else.</summary>
    void QueryStarted(QueryDescription query) { }

    /// <summary>A peer was heard of for the first time: a seed when its referrer is null, else from the referrer's current
    /// request.</summary>
    void PeerHeard(LookupPeer peer) { }

    /// <summary>A dial begins.</summary>
    void DialStarted(LookupPeer peer, DateTimeOffset time) { }

    /// <summary>A dial ended. For an open connection that is reused, at the time it started.</summary>
    void DialEnded(LookupPeer peer, DateTimeOffset time, DialResult result) { }

    /// <summary>A request begins.</summary>
    void RequestStarted(LookupPeer peer, DateTimeOffset time, RequestStart request) { }

    /// <summary>A request ended; the peers that its answer made known have been announced before.</summary>
    void RequestEnded(LookupPeer peer, DateTimeOffset time, RequestEnd request) { }

    /// <summary>A result was first known.</summary>
    /// <param name="answeredBy">Who answered with it; null for the node's own store.</param>
    /// <param name="time">When.</param>
    /// <param name="result">A peer id in base58, or the first 64 bytes of a record in hex.</param>
    void ResultFound(LookupPeer? answeredBy, DateTimeOffset time, string result) { }

    /// <summary>The lookup stopped asking; a follow-up to the closest peers may come.</summary>
    void LookupTerminated(DateTimeOffset time, QueryTermination termination) { }

    /// <summary>A peer will not be sent anything more.</summary>
    void PeerDone(LookupPeer peer) { }

    /// <summary>The query is over. Called once, after everything else.</summary>
    void QueryEnded(QueryEnd end) { }
}

/// <summary>A query as it begins.</summary>
public sealed record QueryDescription
{
    /// <summary>The operation.</summary>
    public required QueryType Type { get; init; }

    /// <summary>The node does it for itself: refresh or bootstrap.</summary>
    public bool Background { get; init; }

    /// <summary>The bytes that are hashed: peer id, the CID's multihash, or the record key.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The key as the caller wrote it.</summary>
    public required string KeyText { get; init; }

    /// <summary>SHA-256 of the key.</summary>
    public required KadId Target { get; init; }

    /// <summary>The querying node.</summary>
    public required PeerId Node { get; init; }

    /// <summary>The protocol, for example <c>/ipfs/kad/1.0.0</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>Alpha, beta and k.</summary>
    public required LookupParameters Parameters { get; init; }

    /// <summary>Peers in the routing table at the start.</summary>
    public required int RoutingTableSize { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>The <c>dht.query</c> span, which makes the permalink; null when nobody listens.</summary>
    public ActivityContext? Span { get; internal set; }
}

/// <summary>A request as it begins.</summary>
/// <param name="Type">The message.</param>
/// <param name="FollowUp">Part of the follow-up to the K closest.</param>
/// <param name="Duplicate">This query had already sent this peer a request of this type.</param>
public sealed record RequestStart(MessageType Type, bool FollowUp, bool Duplicate);

/// <summary>A request as it ended.</summary>
public sealed record RequestEnd
{
    /// <summary>How.</summary>
    public required RequestOutcome Outcome { get; init; }

    /// <summary>The answer; null when there is none.</summary>
    public KadMessage? Answer { get; init; }

    /// <summary>The closer peers of the answer as the query knows them, in the answer's order; null where it names the querying
    /// node.</summary>
    public IReadOnlyList<LookupPeer?> Named { get; init; } = [];

    /// <summary>Peers of the answer that the query had not heard of before, in the answer's order.</summary>
    public IReadOnlyList<LookupPeer> NewPeers { get; init; } = [];

    /// <summary>Whether the validator accepted the record; null when the answer holds none.</summary>
    public bool? RecordValid { get; init; }

    /// <summary>The query's goal was reached by this answer.</summary>
    public bool GoalReached { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public DhtError? Error { get; init; }
}

/// <summary>A query as it ended.</summary>
public sealed record QueryEnd
{
    /// <summary>When.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>How.</summary>
    public required QueryOutcome Outcome { get; init; }

    /// <summary>Why the lookup stopped asking; null when there was none (ping, nobody to ask).</summary>
    public QueryTermination? Termination { get; init; }

    /// <summary>When the final answer was first known; null when it never was.</summary>
    public DateTimeOffset? DiscoveredAt { get; init; }

    /// <summary>Records, providers or peers found, as <c>docs/span-conventions.md</c> counts them.</summary>
    public required int Results { get; init; }

    /// <summary>One of the results is from the node's own store.</summary>
    public bool HasLocalResult { get; init; }

    /// <summary>Why it did not succeed; null when it did.</summary>
    public DhtError? Error { get; init; }
}
