using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Network;

namespace DhtTracer.Kademlia.Tracing;

/// <summary>
/// What really happened in one query, kept in memory: the ground truth to compare with what is reconstructed from spans.
/// </summary>
public sealed class QueryTrace
{
    /// <summary>The query at its start.</summary>
    public required QueryDescription Query { get; init; }

    /// <summary>The query at its end; null while it runs.</summary>
    public QueryEnd? End { get; internal set; }

    /// <summary>When and why the lookup stopped asking; null if there was no lookup.</summary>
    public (DateTimeOffset Time, QueryTermination Termination)? Terminated { get; internal set; }

    /// <summary>Every peer heard of, in the order heard.</summary>
    public IReadOnlyList<PeerTrace> Peers => PeerList;

    /// <summary>Results in the order found.</summary>
    public IReadOnlyList<ResultTrace> Results => ResultList;

    /// <summary>Number of distinct peers heard of, seeds included.</summary>
    public int Seen => PeerList.Count;

    /// <summary>Number of peers that were sent at least one request.</summary>
    public int Queried => PeerList.Count(peer => peer.Requests.Count > 0);

    /// <summary>Number of peers to which a new connection was attempted.</summary>
    public int Dialed => PeerList.Count(peer => peer.Dials.Any(dial => !dial.Reused));

    /// <summary>Number of these to which every new connection failed.</summary>
    public int DialFailed => PeerList.Count(peer => peer.State == PeerState.DialFailed);

    /// <summary>Number of peers connected but never sent a request.</summary>
    public int ToQuery =>
        PeerList.Count(peer => peer.Requests.Count == 0 && peer.Dials.Any(dial => dial.EndedAt is not null && dial.Error is null));

    /// <summary>Number of peers heard of, but never dialed nor queried.</summary>
    public int Remaining => PeerList.Count(peer => peer.Dials.Count == 0 && peer.Requests.Count == 0);

    /// <summary>Number of requests to a peer that had already been sent one of the same type.</summary>
    public int Duplicates => PeerList.Sum(peer => peer.Requests.Count(request => request.Duplicate));

    internal List<PeerTrace> PeerList { get; } = [];

    internal List<ResultTrace> ResultList { get; } = [];
}

/// <summary>A peer of a query.</summary>
public sealed class PeerTrace
{
    private readonly LookupPeer _peer;

    internal PeerTrace(LookupPeer peer) => _peer = peer;

    /// <summary>Peer id in base58.</summary>
    public string Id => _peer.Text;

    /// <summary>The peer that named it first, in base58; null for a seed.</summary>
    public string? Referrer => _peer.Referrer?.Text;

    /// <summary>0 for a seed, else 1 + the referrer's hops.</summary>
    public int Hops => _peer.Hops;

    /// <summary>256 minus the common prefix length with the target.</summary>
    public int Xor => _peer.Xor;

    /// <summary>1 for the first peer dialed or asked; null if it never was.</summary>
    public int? Order => _peer.Order;

    /// <summary>How far it got.</summary>
    public PeerState State => _peer.State;

    /// <summary>When it was first heard of.</summary>
    public DateTimeOffset HeardAt => _peer.HeardAt;

    /// <summary>When its last dial or request ended.</summary>
    public DateTimeOffset DoneAt => _peer.DoneAt;

    /// <summary>Whether it was sent more than one request of the same type.</summary>
    public bool Duplicate => _peer.Duplicate;

    /// <summary>Agent version; null when unknown.</summary>
    public string? Agent => _peer.Agent;

    /// <summary>Addresses known for it, as text.</summary>
    public IReadOnlyList<string> Addresses => [.. _peer.Addresses.Select(address => address.ToString())];

    /// <summary>Dials, in order.</summary>
    public IReadOnlyList<DialTrace> Dials => DialList;

    /// <summary>Requests, in order.</summary>
    public IReadOnlyList<RequestTrace> Requests => RequestList;

    internal List<DialTrace> DialList { get; } = [];

    internal List<RequestTrace> RequestList { get; } = [];
}

/// <summary>A dial of a query.</summary>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it runs.</param>
/// <param name="Reused">Whether an open connection was reused.</param>
/// <param name="Address">The connected address, or the last one tried.</param>
/// <param name="Error">Why it failed.</param>
public sealed record DialTrace(
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt = null,
    bool Reused = false,
    string? Address = null,
    DhtError? Error = null
);

/// <summary>A request of a query.</summary>
public sealed record RequestTrace
{
    public required MessageType Type { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How it ended; null while it runs.</summary>
    public RequestOutcome? Outcome { get; init; }

    /// <summary>Whether it is part of the follow-up to the K closest peers.</summary>
    public bool FollowUp { get; init; }

    /// <summary>Whether the peer had already been sent a request of this type.</summary>
    public bool Duplicate { get; init; }

    /// <summary>Closer peers in the answer, in base58, as sent; empty if there is no answer.</summary>
    public IReadOnlyList<string> CloserPeers { get; init; } = [];

    /// <summary>Providers in the answer, in base58, as sent.</summary>
    public IReadOnlyList<string> ProviderPeers { get; init; } = [];

    /// <summary>The closer peers that were new to the query.</summary>
    public IReadOnlyList<string> NewPeers { get; init; } = [];

    /// <summary>Whether the answer held a record; null without an answer.</summary>
    public bool? Record { get; init; }

    /// <summary>Whether the validator accepted the record.</summary>
    public bool? RecordValid { get; init; }

    /// <summary>Why it failed.</summary>
    public DhtError? Error { get; init; }
}

/// <summary>A result of a query.</summary>
/// <param name="AnsweredBy">The peer that answered with it, in base58; the querying node for its own store.</param>
/// <param name="FoundAt">When it was first known.</param>
/// <param name="Result">A peer id in base58, or the first 64 bytes of a record in hex.</param>
public sealed record ResultTrace(string AnsweredBy, DateTimeOffset FoundAt, string Result);
