using DhtTracer.Ingestion.Analysis;

namespace DhtTracer.Web.Ingest;

/// <summary>What comes in and how far its processing is, at one moment. Counts begin with the process, except those of the
/// database.</summary>
/// <param name="At">When it was read.</param>
/// <param name="Receivers">What takes spans: one entry a listener, and one for each other way in that was used.</param>
/// <param name="Listeners">Listeners that only answer.</param>
/// <param name="Pulls">One entry for each service of each Jaeger that is pulled from.</param>
/// <param name="Analysis">The work on what has arrived.</param>
/// <param name="Database">How much is stored.</param>
/// <param name="KeepSeconds">Traces to which nothing was added for this long are deleted; null keeps everything.</param>
/// <param name="KeepBytes">While the archive needs more bytes than this, the oldest traces are deleted; null sets no limit.</param>
internal sealed record IngestReport(
    DateTimeOffset At,
    IReadOnlyList<ReceiverReport> Receivers,
    IReadOnlyList<ListenerState> Listeners,
    IReadOnlyList<PullReport> Pulls,
    AnalysisReport Analysis,
    DatabaseReport Database,
    double? KeepSeconds,
    long? KeepBytes
);

/// <summary>One way in.</summary>
/// <param name="Title">Its name for people.</param>
/// <param name="Receiver">Its name in metrics.</param>
/// <param name="Option">Option that sets its port; null when it has none.</param>
/// <param name="Address">Where it listens; null when it is off or has no port.</param>
/// <param name="Requests">Messages whose spans were committed.</param>
/// <param name="Spans">Spans committed.</param>
/// <param name="Bytes">Bytes as OTLP protobuf, inflated.</param>
/// <param name="Rejected">Spans rejected one by one.</param>
/// <param name="Refused">Messages refused whole.</param>
/// <param name="LastReceived">When spans were last committed; null when none were.</param>
/// <param name="LastError">Why a message was last refused; null when none was. Hostile text.</param>
/// <param name="LastErrorTime">And when.</param>
internal sealed record ReceiverReport(
    string Title,
    string Receiver,
    string? Option,
    string? Address,
    long Requests,
    long Spans,
    long Bytes,
    long Rejected,
    long Refused,
    DateTimeOffset? LastReceived,
    string? LastError,
    DateTimeOffset? LastErrorTime
);

/// <summary>The pull of one service of one Jaeger.</summary>
/// <param name="Source">The Jaeger.</param>
/// <param name="Service">The service; empty for the list of services, while that cannot be had.</param>
/// <param name="Transport"><c>grpc</c>, <c>http-v3</c> or <c>http-v1</c>; null while none answers.</param>
/// <param name="Activity"><c>starting</c>, <c>reading</c>, <c>waiting</c>, <c>backing-off</c>, <c>finished</c> or <c>failed</c>.</param>
/// <param name="CompleteUntil">The checkpoint: everything that started before is stored and settled; null before the first.</param>
/// <param name="ReadUntil">Everything that started before has been read at least once; null before the first answer.</param>
/// <param name="LagSeconds">How far reading is behind the clock; null before the first answer.</param>
/// <param name="LastError">Text of the last failure; null when there was none. Hostile text.</param>
/// <param name="LastErrorTime">And when.</param>
/// <param name="Retries">Failures that were tried again.</param>
/// <param name="Windows">Windows read to their end.</param>
/// <param name="WindowsBisected">Windows that came back full and were cut in half.</param>
/// <param name="WindowsIncomplete">Moments of which some traces are missing.</param>
/// <param name="Traces">Traces stored.</param>
/// <param name="Spans">Spans stored.</param>
/// <param name="Duplicates">Spans that came again and were not stored again.</param>
/// <param name="Rejected">Spans that came without a valid id or time, counted each time they come.</param>
/// <param name="Server">What the server is, as far as its answers tell; null while it is not known.</param>
/// <param name="Gaps">Stretches that the Jaeger cannot read now; they are tried again.</param>
/// <param name="Moved">Spans that came over the wire.</param>
/// <param name="Reread">Of these, spans of time that was read before, to find what came late.</param>
internal sealed record PullReport(
    string Source,
    string Service,
    string? Transport,
    string Activity,
    DateTimeOffset? CompleteUntil,
    DateTimeOffset? ReadUntil,
    double? LagSeconds,
    string? LastError,
    DateTimeOffset? LastErrorTime,
    long Retries,
    long Windows,
    long WindowsBisected,
    long WindowsIncomplete,
    long Traces,
    long Spans,
    long Duplicates,
    long Rejected,
    string? Server,
    int Gaps,
    long Moved,
    long Reread
);

/// <summary>The work on what has arrived.</summary>
/// <param name="PendingTraces">Traces that wait for analysis or are being analysed.</param>
/// <param name="PendingSpans">Spans stored and not yet analysed.</param>
/// <param name="Analysed">Traces analysed since the process started, each time counted.</param>
/// <param name="Failed">Of these, analyses that failed.</param>
/// <param name="DatabaseFailures">Times that an analysis could not be read from or saved in the database.</param>
/// <param name="Problem">What keeps traces from being analysed now; null while nothing does.</param>
/// <param name="ProblemSince">Since when; null without a problem.</param>
/// <param name="ProblemTraces">Traces that wait because of it; null without a problem.</param>
/// <param name="WriterBytes">Bytes of spans that wait for the writer of the database.</param>
/// <param name="Reanalysis">How far traces are analysed again that an older version analysed; null while none is left.</param>
internal sealed record AnalysisReport(
    int PendingTraces,
    long PendingSpans,
    long Analysed,
    long Failed,
    long DatabaseFailures,
    string? Problem,
    DateTimeOffset? ProblemSince,
    int? ProblemTraces,
    long WriterBytes,
    Reanalysis? Reanalysis
);

/// <summary>How much is stored.</summary>
/// <param name="Traces">Traces.</param>
/// <param name="Spans">Spans of analysed traces.</param>
/// <param name="Operations">Operations, background ones included.</param>
/// <param name="Queries">Queries, background ones included.</param>
/// <param name="FileBytes">Size of the database's files.</param>
/// <param name="RawBytes">Size of the spans as OTLP protobuf.</param>
internal sealed record DatabaseReport(long Traces, long Spans, long Operations, long Queries, long FileBytes, long RawBytes);
