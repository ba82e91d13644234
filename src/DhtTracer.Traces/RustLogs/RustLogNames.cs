namespace DhtTracer.Traces.RustLogs;

/// <summary>
/// Names of the spans and attributes that the import makes of rust-libp2p and litep2p logs. Each query is a trace with a root span and a
/// span per request whose start or end was logged; litep2p queries also have a span per dial. Anything the log does not show is absent.
/// <c>docs/dialects/rust.md</c> lists the log lines behind each name.
/// </summary>
public static class RustLogNames
{
    /// <summary>Instrumentation scope of spans from a log of rust-libp2p.</summary>
    public const string RustLibp2pScope = "dht-tracer-log-rust-libp2p";

    /// <summary>Instrumentation scope of spans from a log of litep2p.</summary>
    public const string Litep2pScope = "dht-tracer-log-litep2p";

    /// <summary>
    /// The root span, from the first line about the query to the last line that says it ended. It has no end if no line says so.
    /// </summary>
    public const string Query = "kad.query";

    /// <summary>A request. Without <see cref="Asked"/> its start equals its end, because only the end was logged.</summary>
    public const string Request = "kad.request";

    public const string Dial = "kad.dial";

    /// <summary>Event of the root for each line that says that the query or a part of it is finished.</summary>
    public const string Finished = "finished";

    /// <summary>Event of the root: the query ran out of time.</summary>
    public const string TimedOut = "timed out";

    /// <summary>Event of the root: the query achieved its goal.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>Event of the root: the query failed.</summary>
    public const string Failed = "failed";

    /// <summary>Number of the query within its process.</summary>
    public const string QueryNumber = "kad.query.id";

    /// <summary>On the root, true: the log shows when the query began.</summary>
    public const string Started = "kad.query.started";

    /// <summary>On the root: peer id of the logging node.</summary>
    public const string Node = "kad.node";

    /// <summary>On the root: <c>FIND_NODE</c>, <c>GET_VALUE</c>, <c>GET_PROVIDERS</c>, <c>PUT_VALUE</c>, <c>ADD_PROVIDER</c>.</summary>
    public const string Kind = "kad.query.kind";

    /// <summary>On the root: bytes of the key, in hex.</summary>
    public const string Key = "kad.key";

    /// <summary>On the root: the key as a base58 peer id, if it is one.</summary>
    public const string KeyPeer = "kad.key.peer";

    /// <summary>On the root: the type of the query as given by the user on import, such as <c>get-providers</c>.</summary>
    public const string GivenType = "kad.given.type";

    /// <summary>On the root: the key of the query as given by the user on import.</summary>
    public const string GivenKey = "kad.given.key";

    /// <summary>On the root, true: the node made the query for itself.</summary>
    public const string Background = "kad.background";

    /// <summary>On the root: number of routing-table peers that it began with.</summary>
    public const string Seeds = "kad.seeds";

    /// <summary>On the root: number of peers that it returned.</summary>
    public const string Results = "kad.results";

    /// <summary>
    /// On the root: <c>uptime</c> if times count from the start of the process, <c>order</c> if the log has no times. Absent: real times.
    /// </summary>
    public const string Clock = "kad.clock";

    /// <summary><see cref="Clock"/>: times count from the start of the process; the date is unknown.</summary>
    public const string ClockUptime = "uptime";

    /// <summary><see cref="Clock"/>: the log has no times. Span times are line numbers and give only the order.</summary>
    public const string ClockOrder = "order";

    /// <summary>The peer of a request or dial, in base58.</summary>
    public const string Peer = "kad.peer";

    /// <summary>Message type of a request, if logged.</summary>
    public const string Message = "kad.message";

    /// <summary>On a request, true: its start is the time it was sent.</summary>
    public const string Asked = "kad.asked";

    /// <summary>How a request ended: <c>answered</c>, <c>failed</c>, <c>sent</c>. Absent if not logged.</summary>
    public const string Outcome = "kad.outcome";

    /// <summary>Error text of a failed request or dial, as logged.</summary>
    public const string Error = "kad.error";

    /// <summary>
    /// Peers in an answer, in order. For GET_PROVIDERS of rust-libp2p, they include the providers. Absent if the log does not list them.
    /// </summary>
    public const string CloserPeers = "kad.closer_peers";

    /// <summary>Multiaddrs of each of <see cref="CloserPeers"/>, in the same order; those of one peer are separated by spaces.</summary>
    public const string CloserAddresses = "kad.closer_addresses";

    /// <summary>Providers in an answer, if the log lists them separately.</summary>
    public const string Providers = "kad.provider_peers";

    /// <summary>Whether an answer carried a record, if logged.</summary>
    public const string Record = "kad.record";
}
