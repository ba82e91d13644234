using System.Text.Json.Serialization;

namespace DhtTracer.Traces.KuboEvents;

/// <summary>
/// Names of the spans that are made of a Kubo's query events, see <c>docs/dialects/kubo-events.md</c>: one root span for the command, and
/// below it one span without duration for each event.
/// </summary>
public static class KuboEventNames
{
    /// <summary>Instrumentation scope of all these spans.</summary>
    public const string Scope = "dht-tracer/kubo-events";

    /// <summary>Name of the root span of a stream whose command is not known.</summary>
    public const string Stream = "kubo-events";

    /// <summary>On the root: the RPC command, such as <c>routing/findprovs</c>. Absent when the events come from a file.</summary>
    public const string Command = "kubo_events.command";

    /// <summary>On the root: the operation, such as <c>get-providers</c>. Absent when neither the stream nor the user tells it.</summary>
    public const string Type = "kubo_events.type";

    /// <summary>On the root: the key as it was written. Absent when neither the stream nor the user tells it.</summary>
    public const string Key = "kubo_events.key";

    /// <summary>On the root, a boolean: whether the times of the spans are times of arrival. A saved stream has an order only.</summary>
    public const string Timed = "kubo_events.timed";

    /// <summary>On the root: the time limit that the daemon was given, in nanoseconds. Absent when it was given none.</summary>
    public const string Timeout = "kubo_events.timeout_ns";

    /// <summary>On the root: how the stream ended, a word of <see cref="KuboStreamEnd"/>. Absent while it runs and for a saved
    /// stream.</summary>
    public const string End = "kubo_events.end";

    /// <summary>On the root: what the daemon, or the connection to it, said in the end.</summary>
    public const string Error = "kubo_events.error";

    /// <summary>On the root: peer ids that the command named and the daemon was connected to when it ended. Absent when nobody asked the
    /// daemon for them.</summary>
    public const string Connected = "kubo_events.connected";

    /// <summary>On the root: for each connected peer its agent version; empty when the daemon does not know it.</summary>
    public const string ConnectedAgents = "kubo_events.connected.agents";

    /// <summary>On the root: for each connected peer the round trip that the daemon measured, in nanoseconds; 0 when it has not.</summary>
    public const string ConnectedLatencies = "kubo_events.connected.latencies_ns";

    /// <summary>On an event: its place in the stream, from 1.</summary>
    public const string Sequence = "seq";

    /// <summary>On an event: the peer that it is about.</summary>
    public const string Peer = "peer";

    /// <summary>On an event: peer ids of its responses, in their order.</summary>
    public const string Responses = "responses";

    /// <summary>On an event: for each response its multiaddrs, separated by blanks. Absent when no response has one.</summary>
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

    /// <summary>The reader gave up.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled = 2,

    /// <summary>The connection was lost before its end.</summary>
    [JsonStringEnumMemberName("cut")]
    Cut = 3,

    /// <summary>The daemon ended it with an error.</summary>
    [JsonStringEnumMemberName("error")]
    Error = 4,
}
