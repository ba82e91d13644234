namespace DhtTracer.Traces.RustLogs;

/// <summary>
/// Names of the spans and attributes into which logs of rust-libp2p and litep2p are converted at the door: a trace for each query, with a
/// root span, a span for each request whose end or start the log tells, and for litep2p one for each dial. What the log does not tell is
/// absent. <c>docs/dialects/rust.md</c> has the lines that each of them comes from.
/// </summary>
public static class RustLogNames
{
    /// <summary>Instrumentation scope of spans from a log of rust-libp2p.</summary>
    public const string RustLibp2pScope = "dht-tracer-log-rust-libp2p";

    /// <summary>Instrumentation scope of spans from a log of litep2p.</summary>
    public const string Litep2pScope = "dht-tracer-log-litep2p";

    /// <summary>The root span: from the first line about the query to the last one that says it ended; un-ended when none does.</summary>
    public const string Query = "kad.query";

    /// <summary>A request. Without <see cref="Asked"/> it starts when it ends, because the log tells only the end.</summary>
    public const string Request = "kad.request";

    /// <summary>A dial.</summary>
    public const string Dial = "kad.dial";

    /// <summary>Event of the root for each line that says that the query, or a part of it, is finished.</summary>
    public const string Finished = "finished";

    /// <summary>Event of the root: the query ran out of time.</summary>
    public const string TimedOut = "timed out";

    /// <summary>Event of the root: the query got what it was for.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>Event of the root: the query failed.</summary>
    public const string Failed = "failed";

    /// <summary>Number of the query within its process.</summary>
    public const string QueryNumber = "kad.query.id";

    /// <summary>On the root, true: the log tells when it began.</summary>
    public const string Started = "kad.query.started";

    /// <summary>On the root: peer id of the logging node.</summary>
    public const string Node = "kad.node";

    /// <summary>On the root: <c>FIND_NODE</c>, <c>GET_VALUE</c>, <c>GET_PROVIDERS</c>, <c>PUT_VALUE</c>, <c>ADD_PROVIDER</c>.</summary>
    public const string Kind = "kad.query.kind";

    /// <summary>On the root: bytes of the key, in hex.</summary>
    public const string Key = "kad.key";

    /// <summary>On the root: the key where it is a peer id, in base58.</summary>
    public const string KeyPeer = "kad.key.peer";

    /// <summary>On the root: type of the query as the importing user gave it, such as <c>get-providers</c>.</summary>
    public const string GivenType = "kad.given.type";

    /// <summary>On the root: key of the query as the importing user gave it, as a text.</summary>
    public const string GivenKey = "kad.given.key";

    /// <summary>On the root, true: the node did it for itself.</summary>
    public const string Background = "kad.background";

    /// <summary>On the root: peers of the routing table that it began with.</summary>
    public const string Seeds = "kad.seeds";

    /// <summary>On the root: peers that it gave back.</summary>
    public const string Results = "kad.results";

    /// <summary>On the root: <c>uptime</c> when times count from the start of the process, <c>order</c> when the log has no times. Absent:
    /// real times.</summary>
    public const string Clock = "kad.clock";

    /// <summary><see cref="Clock"/>: times count from the start of the process, its date is unknown.</summary>
    public const string ClockUptime = "uptime";

    /// <summary><see cref="Clock"/>: there are no times; those of the spans are line numbers and give only the order.</summary>
    public const string ClockOrder = "order";

    /// <summary>The peer of a request or dial, in base58.</summary>
    public const string Peer = "kad.peer";

    /// <summary>Message type of a request, where the log tells it.</summary>
    public const string Message = "kad.message";

    /// <summary>On a request, true: its start is when it was sent.</summary>
    public const string Asked = "kad.asked";

    /// <summary>How a request ended: <c>answered</c>, <c>failed</c>, <c>sent</c>. Absent when the log does not tell.</summary>
    public const string Outcome = "kad.outcome";

    /// <summary>Error text of a failed request or dial, as in the log.</summary>
    public const string Error = "kad.error";

    /// <summary>Peers in an answer, in its order; of GET_PROVIDERS of rust-libp2p with the providers among them. Absent when the log does
    /// not list them.</summary>
    public const string CloserPeers = "kad.closer_peers";

    /// <summary>Multiaddrs of <see cref="CloserPeers"/>, those of one peer separated by blanks, in the same order.</summary>
    public const string CloserAddresses = "kad.closer_addresses";

    /// <summary>Providers in an answer, where the log lists them apart.</summary>
    public const string Providers = "kad.provider_peers";

    /// <summary>Whether an answer carried a record, where the log tells it.</summary>
    public const string Record = "kad.record";
}
