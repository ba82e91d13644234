using System.Text.Json.Serialization;

namespace DhtTracer.Traces.KuboEvents;

/// <summary>
/// Names of the spans made from a Kubo's query events, see <c>docs/dialects/kubo-events.md</c>: one root span for the command, and below it
/// one span without duration per event.
/// </summary>
public static class KuboEventNames
{
    /// <summary>Instrumentation scope of all these spans.</summary>
    public const string Scope = "dht-tracer/kubo-events";

    /// <summary>Name of the root span of a stream whose command is not known.</summary>
    public const string Stream = "kubo-events";

    /// <summary>On the root: the RPC command, such as <c>routing/findprovs</c>. Absent when the events come from a file.</summary>
    public const string Command = "kubo_events.command";

    /// <summary>On the root: the operation, such as <c>get-providers</c>. Absent if neither the stream nor the user gives it.</summary>
    public const string Type = "kubo_events.type";

    /// <summary>On the root: the key as written. Absent if neither the stream nor the user gives it.</summary>
    public const string Key = "kubo_events.key";

    /// <summary>On the root, a boolean: whether span times are arrival times. A saved stream has only an order.</summary>
    public const string Timed = "kubo_events.timed";

    /// <summary>On the root: the time limit given to the daemon, in nanoseconds. Absent if there was none.</summary>
    public const string Timeout = "kubo_events.timeout_ns";

    /// <summary>
    /// On the root: how the stream ended, a value of <see cref="KuboStreamEnd"/>. Absent while it runs and for a saved stream.
    /// </summary>
    public const string End = "kubo_events.end";

    /// <summary>On the root: the final error of the daemon or of the connection to it.</summary>
    public const string Error = "kubo_events.error";

    /// <summary>
    /// On the root: ids of peers that the command named and that the daemon was connected to at the end. Absent if nobody asked the daemon.
    /// </summary>
    public const string Connected = "kubo_events.connected";

    /// <summary>On the root: the agent version of each connected peer; empty if the daemon does not know it.</summary>
    public const string ConnectedAgents = "kubo_events.connected.agents";

    /// <summary>
    /// On the root: the round-trip time to each connected peer as the daemon measured it, in nanoseconds; 0 if it did not.
    /// </summary>
    public const string ConnectedLatencies = "kubo_events.connected.latencies_ns";

    /// <summary>On an event: its position in the stream, from 1.</summary>
    public const string Sequence = "seq";

    /// <summary>On an event: the peer it concerns.</summary>
    public const string Peer = "peer";

    /// <summary>On an event: peer ids of its responses, in order.</summary>
    public const string Responses = "responses";

    /// <summary>On an event: the multiaddrs of each response, separated by spaces. Absent if no response has any.</summary>
    public const string Addresses = "addresses";

    /// <summary>On an event: the error text, or the value in base64.</summary>
    public const string Extra = "extra";
}

/// <summary>How a stream of query events ended.</summary>
public enum KuboStreamEnd
{
    /// <summary>The daemon ended it.</summary>
    [JsonStringEnumMemberName("complete")]
    Complete = 1,

    /// <summary>The reader stopped reading.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled = 2,

    /// <summary>The connection was lost before the end of the stream.</summary>
    [JsonStringEnumMemberName("cut")]
    Cut = 3,

    /// <summary>The daemon ended it with an error.</summary>
    [JsonStringEnumMemberName("error")]
    Error = 4,
}
