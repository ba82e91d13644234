using System.Text.Json.Serialization;

namespace DhtTracer.Conventions;

[JsonConverter(typeof(JsonStringEnumConverter<QueryType>))]
public enum QueryType
{
    /// <summary>Find a peer's addresses.</summary>
    [JsonStringEnumMemberName("find-peer")]
    FindPeer = 1,

    /// <summary>Find the providers of a CID.</summary>
    [JsonStringEnumMemberName("get-providers")]
    GetProviders = 2,

    /// <summary>Announce a CID to the K closest peers.</summary>
    [JsonStringEnumMemberName("add-provider")]
    AddProvider = 3,

    /// <summary>Store a record at the K closest peers.</summary>
    [JsonStringEnumMemberName("put-value")]
    PutValue = 4,

    /// <summary>Find a record.</summary>
    [JsonStringEnumMemberName("get-value")]
    GetValue = 5,

    /// <summary>Find the K closest peers to a key.</summary>
    [JsonStringEnumMemberName("get-closest-peers")]
    GetClosestPeers = 6,

    /// <summary>Check whether one peer is alive.</summary>
    [JsonStringEnumMemberName("ping")]
    Ping = 7,

    /// <summary>The trace does not say, or not yet.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 8,
}

/// <summary>The dialect of the spans.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TraceSource>))]
public enum TraceSource
{
    /// <summary>DhtTracer's own node, see <c>docs/span-conventions.md</c>.</summary>
    [JsonStringEnumMemberName("native")]
    Native = 1,

    /// <summary>go-libp2p-kad-dht, including Kubo.</summary>
    [JsonStringEnumMemberName("go-libp2p-kad-dht")]
    GoKadDht = 2,

    /// <summary>js-libp2p.</summary>
    [JsonStringEnumMemberName("js-libp2p")]
    JsLibp2p = 3,

    /// <summary>The event log of the dht-tracer of 2019.</summary>
    [JsonStringEnumMemberName("eventlog-2019")]
    EventLog2019 = 4,

    /// <summary>Logs of rust-libp2p.</summary>
    [JsonStringEnumMemberName("rust-libp2p")]
    RustLibp2p = 5,

    /// <summary>Logs of litep2p, including Substrate and Polkadot SDK nodes.</summary>
    [JsonStringEnumMemberName("litep2p")]
    Litep2p = 6,

    /// <summary>Query events from a Kubo's RPC API.</summary>
    [JsonStringEnumMemberName("kubo-events")]
    KuboEvents = 7,

    /// <summary>One operation recorded both as spans and as Kubo query events. Times come from the spans, names from the events.</summary>
    [JsonStringEnumMemberName("go-libp2p-kad-dht+kubo-events")]
    GoKadDhtAndKuboEvents = 8,

    /// <summary>An IPFS Request Trace that another program wrote.</summary>
    [JsonStringEnumMemberName("request-trace")]
    RequestTrace = 9,
}

/// <summary>Which of the two DHTs of a dual node (Kubo) a query used.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DhtSide>))]
public enum DhtSide
{
    /// <summary>The public network, <c>/ipfs/kad/1.0.0</c>.</summary>
    [JsonStringEnumMemberName("wan")]
    Wan = 1,

    /// <summary>The local network, <c>/ipfs/lan/kad/1.0.0</c>.</summary>
    [JsonStringEnumMemberName("lan")]
    Lan = 2,
}

/// <summary>How a query ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<QueryOutcome>))]
public enum QueryOutcome
{
    /// <summary>It achieved its goal.</summary>
    [JsonStringEnumMemberName("success")]
    Success = 1,

    /// <summary>It completed and found nothing.</summary>
    [JsonStringEnumMemberName("not-found")]
    NotFound = 2,

    /// <summary>Its caller cancelled it.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled = 3,

    [JsonStringEnumMemberName("timed-out")]
    TimedOut = 4,

    /// <summary>It failed; see the error.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed = 5,

    /// <summary>The root span never arrived.</summary>
    [JsonStringEnumMemberName("incomplete")]
    Incomplete = 6,

    /// <summary>It completed, but the trace does not say what it found. Null in JSON; no outcome statistic counts it.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 7,
}

/// <summary>Why a lookup stopped asking.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<QueryTermination>))]
public enum QueryTermination
{
    /// <summary>The beta closest peers have all answered.</summary>
    [JsonStringEnumMemberName("completed")]
    Completed = 1,

    /// <summary>No peers were left to ask.</summary>
    [JsonStringEnumMemberName("starvation")]
    Starvation = 2,

    /// <summary>It reached its goal.</summary>
    [JsonStringEnumMemberName("stopped")]
    Stopped = 3,

    /// <summary>Its caller cancelled it.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled = 4,
}

/// <summary>How far a peer got in a query.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PeerState>))]
public enum PeerState
{
    /// <summary>At least one request was answered.</summary>
    [JsonStringEnumMemberName("answered")]
    Answered = 1,

    /// <summary>A request was sent; the trace shows neither an answer nor a failure.</summary>
    [JsonStringEnumMemberName("no-answer")]
    NoAnswer = 2,

    [JsonStringEnumMemberName("request-failed")]
    RequestFailed = 3,

    [JsonStringEnumMemberName("dial-failed")]
    DialFailed = 4,

    /// <summary>The end of the query cancelled it.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled = 5,

    /// <summary>Connected, but never sent a request.</summary>
    [JsonStringEnumMemberName("connected")]
    Connected = 6,

    /// <summary>A dial started and never ended.</summary>
    [JsonStringEnumMemberName("dialing")]
    Dialing = 7,

    /// <summary>Still waiting to be asked when the query ended.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued = 8,

    /// <summary>Only heard of.</summary>
    [JsonStringEnumMemberName("heard")]
    Heard = 9,

    /// <summary>It was sent a message that the protocol never answers (ADD_PROVIDER).</summary>
    [JsonStringEnumMemberName("sent")]
    Sent = 10,

    /// <summary>Spans were lost, so it is unknown whether it was asked.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 11,
}

/// <summary>How a request ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RequestOutcome>))]
public enum RequestOutcome
{
    [JsonStringEnumMemberName("answered")]
    Answered = 1,

    [JsonStringEnumMemberName("failed")]
    Failed = 2,

    [JsonStringEnumMemberName("cancelled")]
    Cancelled = 3,

    /// <summary>The trace shows neither an answer nor a failure.</summary>
    [JsonStringEnumMemberName("no-answer")]
    NoAnswer = 4,

    /// <summary>Written to the stream; the protocol has no answer to it (ADD_PROVIDER).</summary>
    [JsonStringEnumMemberName("sent")]
    Sent = 5,

    /// <summary>Its span was lost.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 6,
}

/// <summary>The message of a request (kad-dht <c>Message.MessageType</c>).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MessageType>))]
public enum MessageType
{
    /// <summary>PUT_VALUE.</summary>
    [JsonStringEnumMemberName("PUT_VALUE")]
    PutValue = 0,

    /// <summary>GET_VALUE.</summary>
    [JsonStringEnumMemberName("GET_VALUE")]
    GetValue = 1,

    /// <summary>ADD_PROVIDER.</summary>
    [JsonStringEnumMemberName("ADD_PROVIDER")]
    AddProvider = 2,

    /// <summary>GET_PROVIDERS.</summary>
    [JsonStringEnumMemberName("GET_PROVIDERS")]
    GetProviders = 3,

    /// <summary>FIND_NODE.</summary>
    [JsonStringEnumMemberName("FIND_NODE")]
    FindNode = 4,

    /// <summary>PING.</summary>
    [JsonStringEnumMemberName("PING")]
    Ping = 5,

    /// <summary>The trace does not say. Null in JSON.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 6,
}
