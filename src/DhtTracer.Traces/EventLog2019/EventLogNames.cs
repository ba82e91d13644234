namespace DhtTracer.Traces.EventLog2019;

/// <summary>
/// Names of the spans and attributes into which the event log of 2019 is converted at the door: a root span for each query and a span
/// without duration for each event, named as the event. Events stay apart, so that a log that comes in pieces gives the same spans.
/// </summary>
public static class EventLogNames
{
    /// <summary>Instrumentation scope of all these spans.</summary>
    public const string Scope = "dht-tracer-eventlog-2019";

    /// <summary>The root span: from <c>StartTime</c> to <c>EndTime</c> of the query runner; un-ended when the log does not show the
    /// end.</summary>
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

    /// <summary>A connection was there.</summary>
    public const string AlreadyConnected = "dhtQueryRunner.dialPeer.AlreadyConnected";

    /// <summary>A request began.</summary>
    public const string RequestStart = "dhtQueryRunner.queryPeer.Start";

    /// <summary>A request was answered.</summary>
    public const string RequestResult = "dhtQueryRunner.queryPeer.Result";

    /// <summary>A request is over, answered or not.</summary>
    public const string RequestEnd = "dhtQueryRunner.queryPeer.End";

    /// <summary>A message was sent; its type tells what the query is for.</summary>
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

    /// <summary>Those of them that were not seen before or not filtered.</summary>
    public const string FilteredPeers = "filteredPeers";

    /// <summary>Message type such as <c>FIND_NODE</c>.</summary>
    public const string MessageType = "message.type";

    /// <summary>Key of a message as logged.</summary>
    public const string MessageKey = "message.key";

    /// <summary><c>QueryRunner.Result.Success</c>, when true.</summary>
    public const string RunnerSuccess = "QueryRunner.Result.Success";

    /// <summary><c>QueryRunner.Result.FoundPeer</c>, when not empty.</summary>
    public const string FoundPeer = "QueryRunner.Result.FoundPeer";

    /// <summary>Number of the repetition, from 1, of a line that stands in the log more than once; absent on the first.</summary>
    public const string Repetition = "repetition";

    /// <summary>The JSON of the line, as logged: from it the log can be written again.</summary>
    public const string Line = "log.line";
}
