using DhtTracer.Analysis.Model;

namespace DhtTracer.Storage.Rows;

/// <summary>A row of the query table joined with its strings, as Dapper fills it. Each store has its own joins.</summary>
internal sealed class QueryRow : IListRow
{
    /// <summary>The columns: <c>q</c> is the query, <c>t</c> its trace, the rest its strings.</summary>
    public static string Columns =>
        """
            q.no, t.trace_id AS TraceId, t.analysis_version AS AnalysisVersion, q.span_id AS SpanId,
              q.operation_span_id AS OperationSpanId, q.type, q.source, q.outcome, q.termination,
            q.background, s.value AS Service, n.id AS Node, q.key_text AS KeyText, q.key_bytes AS KeyBytes, q.kad_id AS KadId,
            q.start_ns AS StartNs, q.duration_ns AS DurationNs, q.discovery_ns AS DiscoveryNs, q.first_answer_ns AS FirstAnswerNs,
            e.value AS ErrorClass, q.error_text AS ErrorText, q.alpha, q.beta, q.k, q.seen, q.queried, q.dialed,
              q.dial_failed AS DialFailed,
            q.to_query AS ToQuery, q.remaining, q.results, q.returned, q.duplicates, q.xor, q.hops,
            q.side, q.skipped, q.hops_at_least AS HopsAtLeast, q.seen_complete AS SeenComplete, q.sent, q.missing_spans AS MissingSpans,
            q.missing_events AS MissingEvents, d.id AS DiscoveredBy
            """;

    public static ListTable Table => ListTable.Queries;

    public long No { get; init; }

    public int AnalysisVersion { get; init; }

    public byte[] TraceId { get; init; } = [];

    public byte[] SpanId { get; init; } = [];

    public byte[] OperationSpanId { get; init; } = [];

    public int Type { get; init; }

    public int Source { get; init; }

    public int Outcome { get; init; }

    public int? Termination { get; init; }

    public long Background { get; init; }

    public string? Service { get; init; }

    /// <summary>A blob or a text, see <see cref="PeerText"/>.</summary>
    public object? Node { get; init; }

    public string? KeyText { get; init; }

    public byte[]? KeyBytes { get; init; }

    public byte[]? KadId { get; init; }

    public long StartNs { get; init; }

    public long? DurationNs { get; init; }

    public long? DiscoveryNs { get; init; }

    public long? FirstAnswerNs { get; init; }

    public string? ErrorClass { get; init; }

    public string? ErrorText { get; init; }

    public int? Alpha { get; init; }

    public int? Beta { get; init; }

    public int? K { get; init; }

    public int? Seen { get; init; }

    public int? Queried { get; init; }

    public int? Dialed { get; init; }

    public int? DialFailed { get; init; }

    public int? ToQuery { get; init; }

    public int? Remaining { get; init; }

    public int? Results { get; init; }

    public int? Returned { get; init; }

    public int? Duplicates { get; init; }

    public int? Xor { get; init; }

    public int? Hops { get; init; }

    public int? Side { get; init; }

    public long Skipped { get; init; }

    public int? HopsAtLeast { get; init; }

    public long SeenComplete { get; init; }

    public int? Sent { get; init; }

    public int MissingSpans { get; init; }

    public int MissingEvents { get; init; }

    /// <summary>A blob or a text, see <see cref="PeerText"/>.</summary>
    public object? DiscoveredBy { get; init; }

    public long SortValue { get; init; }

    public int Part { get; init; }

    public QuerySummary ToSummary()
    {
        var traceId = DhtTracer.Traces.Model.TraceId.FromBytes(TraceId);
        return new QuerySummary
        {
            Id = new QueryId(traceId, DhtTracer.Traces.Model.SpanId.FromBytes(SpanId)),
            OperationId = new QueryId(traceId, DhtTracer.Traces.Model.SpanId.FromBytes(OperationSpanId)),
            Background = Background != 0,
            Side = (DhtSide?)Side,
            Skipped = Skipped != 0,
            AnalysisVersion = DhtTracer.Analysis.Reconstruction.AnalysisVersion.OlderOrNull(AnalysisVersion),
            Type = (QueryType)Type,
            Key = KeyText is null
                ? null
                : new QueryKey(KeyText, Convert.ToHexStringLower(KeyBytes ?? []), Convert.ToHexStringLower(KadId ?? [])),
            Source = (TraceSource)Source,
            Service = Service,
            Node = PeerText.Of(Node),
            StartUnixNano = (ulong)StartNs,
            DurationNs = DurationNs,
            Outcome = (QueryOutcome)Outcome,
            Error = ErrorClass is null ? null : new TraceError(ErrorClass, ErrorText),
            Termination = (QueryTermination?)Termination,
            DiscoveryNs = DiscoveryNs,
            DiscoveredBy = PeerText.Of(DiscoveredBy),
            Missing = new MissingParts(MissingSpans, MissingEvents),
            FirstAnswerNs = FirstAnswerNs,
            Parameters = new QueryParameters(Alpha, Beta, K),
            Counts = new QueryCounts
            {
                Seen = Seen,
                Queried = Queried,
                Dialed = Dialed,
                DialFailed = DialFailed,
                ToQuery = ToQuery,
                Remaining = Remaining,
                Results = Results,
                Returned = Returned,
                Duplicates = Duplicates,
                SeenComplete = SeenComplete != 0,
                Sent = Sent,
            },
            Xor = Xor,
            Hops = Hops,
            HopsAtLeast = HopsAtLeast,
        };
    }
}
