using System.Diagnostics;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Lookups;

/// <summary>
/// Sees every step of one query, in order, from one thread at a time. Spans, the in-memory record of a query, the 2019 event log and the
/// text waterfall are all made by observers, so they cannot disagree. An observer must not throw or block, and implements only the steps it
/// needs. All times come from the query's own clock, which never goes back.
/// </summary>
public interface IQueryObserver
{
    /// <summary>The query starts. Called once, before everything else.</summary>
    void QueryStarted(QueryDescription query) { }

    /// <summary>
    /// A peer was heard of for the first time. Its referrer is null for a seed; otherwise the referrer's current request named it.
    /// </summary>
    void PeerHeard(LookupPeer peer) { }

    void DialStarted(LookupPeer peer, DateTimeOffset time) { }

    /// <summary>A dial ended. If an open connection is reused, this is called at the time of the start.</summary>
    void DialEnded(LookupPeer peer, DateTimeOffset time, DialResult result) { }

    void RequestStarted(LookupPeer peer, DateTimeOffset time, RequestStart request) { }

    /// <summary>A request ended. The new peers of its answer have already been reported.</summary>
    void RequestEnded(LookupPeer peer, DateTimeOffset time, RequestEnd request) { }

    /// <summary>A result was first known.</summary>
    /// <param name="answeredBy">The peer that answered with it; null for the node's own store.</param>
    /// <param name="time">When.</param>
    /// <param name="result">A peer id in base58, or the first 64 bytes of a record in hex.</param>
    void ResultFound(LookupPeer? answeredBy, DateTimeOffset time, string result) { }

    /// <summary>The lookup stopped asking. A follow-up to the closest peers may come.</summary>
    void LookupTerminated(DateTimeOffset time, QueryTermination termination) { }

    /// <summary>Nothing more will be sent to a peer.</summary>
    void PeerDone(LookupPeer peer) { }

    /// <summary>The query ended. Called once, after everything else.</summary>
    void QueryEnded(QueryEnd end) { }
}

/// <summary>A query at its start.</summary>
public sealed record QueryDescription
{
    /// <summary>The operation.</summary>
    public required QueryType Type { get; init; }

    /// <summary>Whether the node makes the query for itself: refresh or bootstrap.</summary>
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

    /// <summary>The context of the <c>dht.query</c> span, which gives the permalink; null if there is no listener.</summary>
    public ActivityContext? Span { get; internal set; }
}

/// <summary>A request at its start.</summary>
/// <param name="Type">The message.</param>
/// <param name="FollowUp">Whether it is part of the follow-up to the K closest peers.</param>
/// <param name="Duplicate">Whether this query already sent this peer a request of this type.</param>
public sealed record RequestStart(MessageType Type, bool FollowUp, bool Duplicate);

/// <summary>A request at its end.</summary>
public sealed record RequestEnd
{
    /// <summary>How it ended.</summary>
    public required RequestOutcome Outcome { get; init; }

    /// <summary>The answer; null if there is none.</summary>
    public KadMessage? Answer { get; init; }

    /// <summary>
    /// The closer peers of the answer as known by the query, in the answer's order; null where the answer names the querying node.
    /// </summary>
    public IReadOnlyList<LookupPeer?> Named { get; init; } = [];

    /// <summary>Peers in the answer that are new to the query, in the answer's order.</summary>
    public IReadOnlyList<LookupPeer> NewPeers { get; init; } = [];

    /// <summary>Whether the validator accepted the record; null if the answer holds none.</summary>
    public bool? RecordValid { get; init; }

    /// <summary>Whether this answer reached the query's goal.</summary>
    public bool GoalReached { get; init; }

    /// <summary>Why it failed; null if it did not.</summary>
    public DhtError? Error { get; init; }
}

/// <summary>A query at its end.</summary>
public sealed record QueryEnd
{
    /// <summary>When.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>How it ended.</summary>
    public required QueryOutcome Outcome { get; init; }

    /// <summary>Why the lookup stopped asking; null if there was no lookup (ping, no peers to ask).</summary>
    public QueryTermination? Termination { get; init; }

    /// <summary>When the final answer was first known; null if it never was.</summary>
    public DateTimeOffset? DiscoveredAt { get; init; }

    /// <summary>Number of records, providers or peers found, as defined in <c>docs/span-conventions.md</c>.</summary>
    public required int Results { get; init; }

    /// <summary>Whether one of the results is from the node's own store.</summary>
    public bool HasLocalResult { get; init; }

    /// <summary>Why it did not succeed; null if it did.</summary>
    public DhtError? Error { get; init; }
}
