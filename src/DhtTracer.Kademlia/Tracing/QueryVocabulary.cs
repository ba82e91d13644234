namespace DhtTracer.Kademlia;

/// <summary>The operations of a DHT node.</summary>
public enum DhtQueryType
{
    /// <summary>Find a peer's addresses.</summary>
    FindPeer = 1,

    /// <summary>Find who provides a CID.</summary>
    GetProviders = 2,

    /// <summary>Announce to the K closest peers that this node provides a CID.</summary>
    AddProvider = 3,

    /// <summary>Store a record at the K closest peers.</summary>
    PutValue = 4,

    /// <summary>Find a record.</summary>
    GetValue = 5,

    /// <summary>Find the K closest peers to a key.</summary>
    GetClosestPeers = 6,

    /// <summary>Ask one peer whether it is there.</summary>
    Ping = 7,
}

/// <summary>How a query ended.</summary>
public enum DhtQueryOutcome
{
    /// <summary>It got what it was for.</summary>
    Success = 1,

    /// <summary>It ran to its end and there was nothing.</summary>
    NotFound = 2,

    /// <summary>Its caller gave up.</summary>
    Cancelled = 3,

    /// <summary>It ran out of time.</summary>
    TimedOut = 4,

    /// <summary>It failed, see the error.</summary>
    Failed = 5,
}

/// <summary>Why a lookup stopped asking.</summary>
public enum LookupTermination
{
    /// <summary>The beta closest peers that are not unreachable have all answered.</summary>
    Completed = 1,

    /// <summary>Nobody was left to ask.</summary>
    Starvation = 2,

    /// <summary>It had what it wanted.</summary>
    Stopped = 3,

    /// <summary>Its caller gave up, or its time was over.</summary>
    Cancelled = 4,
}

/// <summary>How far a peer got in a query.</summary>
public enum LookupPeerState
{
    /// <summary>Heard of, never chosen.</summary>
    Heard = 1,

    /// <summary>Chosen to be asked, waiting for one of the alpha places.</summary>
    Queued = 2,

    /// <summary>A dial is under way.</summary>
    Dialing = 3,

    /// <summary>Connected, and not asked anything.</summary>
    Connected = 4,

    /// <summary>A request is under way.</summary>
    Requesting = 5,

    /// <summary>At least one request was answered.</summary>
    Answered = 6,

    /// <summary>The dial failed.</summary>
    DialFailed = 7,

    /// <summary>Its request failed.</summary>
    RequestFailed = 8,

    /// <summary>A dial or request was under way when the query took it back.</summary>
    Cancelled = 9,
}

/// <summary>How a request ended.</summary>
public enum RequestOutcome
{
    /// <summary>Answered; for ADD_PROVIDER, which has no answer: written whole.</summary>
    Answered = 1,

    /// <summary>Failed.</summary>
    Failed = 2,

    /// <summary>Taken back.</summary>
    Cancelled = 3,
}

/// <summary>The texts of <c>docs/span-conventions.md</c> for the enumerations of this namespace.</summary>
public static class ConventionText
{
    /// <summary>As in <c>dht.query.type</c>.</summary>
    public static string ToText(this DhtQueryType type) =>
        type switch
        {
            DhtQueryType.FindPeer => "find-peer",
            DhtQueryType.GetProviders => "get-providers",
            DhtQueryType.AddProvider => "add-provider",
            DhtQueryType.PutValue => "put-value",
            DhtQueryType.GetValue => "get-value",
            DhtQueryType.GetClosestPeers => "get-closest-peers",
            DhtQueryType.Ping => "ping",
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
        };

    /// <summary>As in <c>dht.query.outcome</c>.</summary>
    public static string ToText(this DhtQueryOutcome outcome) =>
        outcome switch
        {
            DhtQueryOutcome.Success => "success",
            DhtQueryOutcome.NotFound => "not-found",
            DhtQueryOutcome.Cancelled => "cancelled",
            DhtQueryOutcome.TimedOut => "timed-out",
            DhtQueryOutcome.Failed => "failed",
            _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, null),
        };

    /// <summary>As in <c>dht.query.termination</c>.</summary>
    public static string ToText(this LookupTermination termination) =>
        termination switch
        {
            LookupTermination.Completed => "completed",
            LookupTermination.Starvation => "starvation",
            LookupTermination.Stopped => "stopped",
            LookupTermination.Cancelled => "cancelled",
            _ => throw new ArgumentOutOfRangeException(nameof(termination), termination, null),
        };

    /// <summary>As in <c>dht.peer.state</c>. A request under way has shown neither an answer nor a failure.</summary>
    public static string ToText(this LookupPeerState state) =>
        state switch
        {
            LookupPeerState.Heard => "heard",
            LookupPeerState.Queued => "queued",
            LookupPeerState.Dialing => "dialing",
            LookupPeerState.Connected => "connected",
            LookupPeerState.Requesting => "no-answer",
            LookupPeerState.Answered => "answered",
            LookupPeerState.DialFailed => "dial-failed",
            LookupPeerState.RequestFailed => "request-failed",
            LookupPeerState.Cancelled => "cancelled",
            _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
        };

    /// <summary>As in <c>dht.request.outcome</c>.</summary>
    public static string ToText(this RequestOutcome outcome) =>
        outcome switch
        {
            RequestOutcome.Answered => "answered",
            RequestOutcome.Failed => "failed",
            RequestOutcome.Cancelled => "cancelled",
            _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, null),
        };

    /// <summary>As in <c>dht.message.type</c>, the names of the specification.</summary>
    public static string ToText(this KadMessageType type) =>
        type switch
        {
            KadMessageType.PutValue => "PUT_VALUE",
            KadMessageType.GetValue => "GET_VALUE",
            KadMessageType.AddProvider => "ADD_PROVIDER",
            KadMessageType.GetProviders => "GET_PROVIDERS",
            KadMessageType.FindNode => "FIND_NODE",
            KadMessageType.Ping => "PING",
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
        };
}
