namespace DhtTracer.Traces.EventLog2019;

/// <summary>
/// Names of the spans and attributes that the import makes of the 2019 event log: one root span per query, and one span without duration
/// per event, named after the event. Events are separate spans so that a log imported in pieces gives the same spans.
/// </summary>
public static class EventLogNames
{
    /// <summary>Instrumentation scope of all these spans.</summary>
    public const string Scope = "dht-tracer-eventlog-2019";

    /// <summary>
    /// The root span, from <c>StartTime</c> to <c>EndTime</c> of the query runner. It has no end if the log does not show one.
    /// </summary>
    public const string Run = "dhtQueryRunner.Run";

    /// <summary>The query began.</summary>
    public const string RunStart = "dhtQueryRunner.Run.Start";

    /// <summary>The query ended.</summary>
    public const string RunEnd = "dhtQueryRunner.Run.End";

    /// <summary>A peer was added to the query.</summary>
    public const string AddPeer = "dhtQueryRunner.addPeerToQuery";

    /// <summary>A dial began.</summary>
    public const string Dialing = "dhtQueryRunner.dialPeer.Dialing";

    /// <summary>A dial succeeded.</summary>
    public const string DialSuccess = "dhtQueryRunner.dialPeer.DialSuccess";

    /// <summary>A dial failed.</summary>
    public const string DialFailure = "dhtQueryRunner.dialPeer.DialFailure";

    /// <summary>The peer was already connected.</summary>
    public const string AlreadyConnected = "dhtQueryRunner.dialPeer.AlreadyConnected";

    /// <summary>A request began.</summary>
    public const string RequestStart = "dhtQueryRunner.queryPeer.Start";

    /// <summary>A request was answered.</summary>
    public const string RequestResult = "dhtQueryRunner.queryPeer.Result";

    /// <summary>A request ended, answered or not.</summary>
    public const string RequestEnd = "dhtQueryRunner.queryPeer.End";

    /// <summary>A message was sent. Its type shows what the query is for.</summary>
    public const string SentMessage = "dhtSentMessage";

    /// <summary>A message was received.</summary>
    public const string ReceivedMessage = "dhtReceivedMessage";

    /// <summary>On the root: <c>Query.Key</c> as logged.</summary>
    public const string Key = "Key";

    /// <summary>On the root: <c>Query.Type</c>, often missing.</summary>
    public const string Type = "Type";

    /// <summary>On the root: <c>Query.Concurrency</c>, when it is not 0.</summary>
    public const string Concurrency = "Concurrency";

    /// <summary>On the root: the logging node, when other lines of the log name it.</summary>
    public const string Node = "localPeer";

    /// <summary>The peer of an event.</summary>
    public const string Peer = "peerID";

    /// <summary>Hops of an added peer.</summary>
    public const string Hops = "Hops";

    /// <summary>Common prefix length of an added peer and the key; the log calls it XOR.</summary>
    public const string CommonPrefixLength = "XOR";

    /// <summary>Whether an answer reached the query's goal.</summary>
    public const string Success = "success";

    /// <summary>All peers of an answer.</summary>
    public const string CloserPeers = "closerPeers";

    /// <summary>The peers in it that passed the filter and were not seen before.</summary>
    public const string FilteredPeers = "filteredPeers";

    /// <summary>Message type such as <c>FIND_NODE</c>.</summary>
    public const string MessageType = "message.type";

    /// <summary>Key of a message as logged.</summary>
    public const string MessageKey = "message.key";

    /// <summary><c>QueryRunner.Result.Success</c>, when true.</summary>
    public const string RunnerSuccess = "QueryRunner.Result.Success";

    /// <summary><c>QueryRunner.Result.FoundPeer</c>, when not empty.</summary>
    public const string FoundPeer = "QueryRunner.Result.FoundPeer";

    /// <summary>Counts repetitions of an identical line, from 1. Absent on the first occurrence.</summary>
    public const string Repetition = "repetition";

    /// <summary>The JSON of the line as logged, so that the log can be written again.</summary>
    public const string Line = "log.line";
}
