namespace DhtTracer.Kademlia;

/// <summary>
/// What really happened in one query, kept in memory: the ground truth with which anything reconstructed from spans can be compared.
/// </summary>
public sealed class QueryTrace
{
    /// <summary>The query as it began.</summary>
    public required QueryDescription Query { get; init; }

    /// <summary>The query as it ended; null while it runs.</summary>
    public QueryEnd? End { get; internal set; }

    /// <summary>When the lookup stopped asking, and why; null when there was none.</summary>
    public (DateTimeOffset Time, QueryTermination Termination)? Terminated { get; internal set; }

    /// <summary>Every peer heard of, in the order heard.</summary>
    public IReadOnlyList<PeerTrace> Peers => PeerList;

    /// <summary>Results in the order found.</summary>
    public IReadOnlyList<ResultTrace> Results => ResultList;

    /// <summary>Distinct peers heard of, seeds included.</summary>
    public int Seen => PeerList.Count;

    /// <summary>Peers sent at least one request.</summary>
    public int Queried => PeerList.Count(peer => peer.Requests.Count > 0);

    /// <summary>Peers to which a new connection was attempted.</summary>
    public int Dialed => PeerList.Count(peer => peer.Dials.Any(dial => !dial.Reused));

    /// <summary>Of these, peers to which every new connection failed.</summary>
    public int DialFailed => PeerList.Count(peer => peer.State == PeerState.DialFailed);

    /// <summary>Peers connected but never sent a request.</summary>
    public int ToQuery =>
        PeerList.Count(peer => peer.Requests.Count == 0 && peer.Dials.Any(dial => dial.EndedAt is not null && dial.Error is null));

    /// <summary>Peers heard of, never dialed nor queried.</summary>
    public int Remaining => PeerList.Count(peer => peer.Dials.Count == 0 && peer.Requests.Count == 0);

    /// <summary>Requests sent to a peer that had been sent one of the same type.</summary>
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

    /// <summary>Who named it first, in base58; null for a seed.</summary>
    public string? Referrer => _peer.Referrer?.Text;

    /// <summary>0 for a seed, else 1 + the referrer's.</summary>
    public int Hops => _peer.Hops;

    /// <summary>256 minus the common prefix length with the target.</summary>
    public int Xor => _peer.Xor;

    /// <summary>1 for the first peer dialed or asked; null when it never was.</summary>
    public int? Order => _peer.Order;

    /// <summary>How far it got.</summary>
    public PeerState State => _peer.State;

    /// <summary>When it was first heard of.</summary>
    public DateTimeOffset HeardAt => _peer.HeardAt;

    /// <summary>When its last dial or request ended.</summary>
    public DateTimeOffset DoneAt => _peer.DoneAt;

    /// <summary>A request of the same type went to it more than once.</summary>
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
/// <param name="Reused">An open connection was used.</param>
/// <param name="Address">The address connected, or last tried.</param>
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
    /// <summary>The message.</summary>
    public required MessageType Type { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How it ended; null while it runs.</summary>
    public RequestOutcome? Outcome { get; init; }

    /// <summary>Part of the follow-up to the K closest.</summary>
    public bool FollowUp { get; init; }

    /// <summary>The peer had been sent a request of this type before.</summary>
    public bool Duplicate { get; init; }

    /// <summary>Closer peers of the answer in base58, as sent; empty when there is no answer.</summary>
    public IReadOnlyList<string> CloserPeers { get; init; } = [];

    /// <summary>Providers of the answer in base58, as sent.</summary>
    public IReadOnlyList<string> ProviderPeers { get; init; } = [];

    /// <summary>Those of the closer peers that the query had not heard of before.</summary>
    public IReadOnlyList<string> NewPeers { get; init; } = [];

    /// <summary>The answer held a record; null without an answer.</summary>
    public bool? Record { get; init; }

    /// <summary>Whether the validator accepted it.</summary>
    public bool? RecordValid { get; init; }

    /// <summary>Why it failed.</summary>
    public DhtError? Error { get; init; }
}

/// <summary>A result of a query.</summary>
/// <param name="AnsweredBy">Who answered with it, in base58; the querying node for its own store.</param>
/// <param name="FoundAt">When it was first known.</param>
/// <param name="Result">A peer id in base58, or the first 64 bytes of a record in hex.</param>
public sealed record ResultTrace(string AnsweredBy, DateTimeOffset FoundAt, string Result);
