using System.Collections.Immutable;

namespace DhtTracer.Analysis.Model;

/// <summary>One peer of a query: a row of the waterfall. Times are nanoseconds after the query's start.</summary>
public sealed record QueryPeer
{
    /// <summary>Peer id in base58.</summary>
    public required string Id { get; init; }

    /// <summary>1 for the first peer that was sent anything; null for a peer that was sent nothing, and when unknown.</summary>
    public int? Order { get; init; }

    /// <summary>Bit length of the XOR distance to the target, 0 to 256; null when the target is unknown.</summary>
    public int? Xor { get; init; }

    /// <summary>0 for a peer of the node's own routing table, otherwise 1 + the hops of its referrer; null when unknown.</summary>
    public int? Hops { get; init; }

    /// <summary>Certain lower bound of the hops, also while <see cref="Hops"/> is null; null when nothing is certain.</summary>
    public int? HopsAtLeast { get; init; }

    /// <summary>The peer whose answer first named it; null for a peer of the routing table, and when unknown.</summary>
    public string? Referrer { get; init; }

    /// <summary>
    /// True when the referrer was not read from an answer. It then follows from a rule that holds in every measured case.
    /// </summary>
    public bool ReferrerInferred { get; init; }

    /// <summary>
    /// The peer whose answer triggered the request to this one; null for the first ones and when unknown. It can differ from the referrer.
    /// </summary>
    public string? AskedAfter { get; init; }

    /// <summary>How long the query waited for it: its part of the critical path, in nanoseconds. Null when there is no path.</summary>
    public long? TimeLostNs { get; init; }

    /// <summary>When it was first heard of; null when unknown.</summary>
    public long? HeardNs { get; init; }

    /// <summary>
    /// When the lookup had processed its answer or failure and could act on it. Null when the trace does not show it; then use the end of
    /// its request or dial.
    /// </summary>
    public long? TakenNs { get; init; }

    /// <summary>How far it got.</summary>
    public required PeerState State { get; init; }

    /// <summary>The dial; null when the trace does not show it separately.</summary>
    public PeerDial? Dial { get; init; }

    /// <summary>Requests in the order sent.</summary>
    public ImmutableArray<PeerRequest> Requests { get; init; } = [];

    /// <summary>True when this query sent it a request twice, or when it was added twice (2019 log).</summary>
    public bool Duplicate { get; init; }

    /// <summary>Agent version from identify; null when unknown.</summary>
    public string? Agent { get; init; }

    /// <summary>Round-trip time in nanoseconds, measured by the querying node apart from this query; null when unknown.</summary>
    public long? LatencyNs { get; init; }

    /// <summary>Multiaddrs in the trace.</summary>
    public ImmutableArray<string> Addresses { get; init; } = [];

    /// <summary>Protocols from identify; empty when the trace does not hold them.</summary>
    public ImmutableArray<string> Protocols { get; init; } = [];
}

/// <summary>A dial. Times are nanoseconds after the query's start.</summary>
/// <param name="StartNs">Start.</param>
/// <param name="DurationNs">Duration; null when it never ended.</param>
/// <param name="Reused">True when an existing connection was used; null when unknown.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
public sealed record PeerDial(long StartNs, long? DurationNs, bool? Reused, TraceError? Error);

/// <summary>A request. Times are nanoseconds after the query's start.</summary>
public sealed record PeerRequest
{
    public required MessageType Type { get; init; }

    /// <summary>Start; null when the trace does not show it.</summary>
    public required long? StartNs { get; init; }

    /// <summary>Duration; null when it never ended, and when its start or end is unknown.</summary>
    public long? DurationNs { get; init; }

    /// <summary>How it ended.</summary>
    public required RequestOutcome Outcome { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public TraceError? Error { get; init; }

    /// <summary>Number of distinct peers in the answer, without the querying node where that is known; null when unknown.</summary>
    public int? Returned { get; init; }

    /// <summary>Number of these peers that this query had not heard of before; null when unknown.</summary>
    public int? New { get; init; }

    /// <summary>
    /// The peers counted by <see cref="Returned"/>: base58 ids in the order of the answer, each once, without the querying node where that
    /// is known. <c>default</c> when the trace does not list them. They have rows in <see cref="Query.Peers"/>, except peers that only
    /// answers after the end of the lookup name. Used to show every peer that named another, and to replay a lookup in another order.
    /// </summary>
    public ImmutableArray<string> Named { get; init; }

    /// <summary>Number of providers in the answer; null when unknown.</summary>
    public int? Providers { get; init; }

    /// <summary>Number of records in the answer; null when unknown.</summary>
    public int? Records { get; init; }

    /// <summary>The IPNS record in the answer; null without one, and where the trace does not hold it.</summary>
    public IpnsValue? Ipns { get; init; }

    /// <summary>
    /// End, in nanoseconds after the query's start; null when unknown. It can be known without the start, in a log that shows only answers.
    /// </summary>
    public long? EndNs
    {
        get => field ?? (StartNs + DurationNs);
        init;
    }
}
