using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage.Operations;

namespace DhtTracer.Storage.Rows;

/// <summary>A row of the table of operations joined with its strings, as Dapper fills it. Each store has its own joins.</summary>
internal sealed class OperationRow : IListRow
{
    /// <summary>The columns: <c>q</c> is the operation, <c>t</c> its trace, the rest its strings.</summary>
    public static string Columns =>
        """
            q.no, t.trace_id AS TraceId, t.analysis_version AS AnalysisVersion, q.span_id AS SpanId, q.type, q.source, q.outcome,
              q.background,
            q.background_kind AS BackgroundKind, s.value AS Service, i.value AS Instance, n.id AS Node,
            q.key_text AS KeyText, q.key_bytes AS KeyBytes, q.kad_id AS KadId, q.key_count AS KeyCount,
            q.start_ns AS StartNs, q.duration_ns AS DurationNs, q.discovery_ns AS DiscoveryNs, e.value AS ErrorClass,
              q.error_text AS ErrorText,
            q.results, q.decisive, q.command, q.around
            """;

    public static ListTable Table => ListTable.Operations;

    public long No { get; init; }

    public byte[] TraceId { get; init; } = [];

    public int AnalysisVersion { get; init; }

    public byte[] SpanId { get; init; } = [];

    public int Type { get; init; }

    public int Source { get; init; }

    public int Outcome { get; init; }

    public long Background { get; init; }

    public int? BackgroundKind { get; init; }

    public string? Service { get; init; }

    public string? Instance { get; init; }

    /// <summary>A blob or a text, see <see cref="PeerText"/>.</summary>
    public object? Node { get; init; }

    public string? KeyText { get; init; }

    public byte[]? KeyBytes { get; init; }

    public byte[]? KadId { get; init; }

    public int? KeyCount { get; init; }

    public long StartNs { get; init; }

    public long? DurationNs { get; init; }

    public long? DiscoveryNs { get; init; }

    public string? ErrorClass { get; init; }

    public string? ErrorText { get; init; }

    public int? Results { get; init; }

    public byte[]? Decisive { get; init; }

    public byte[]? Command { get; init; }

    public string? Around { get; init; }

    public long SortValue { get; init; }

    public int Part { get; init; }

    public ListedOperation ToListed(IEnumerable<QuerySummary> queriesByStart)
    {
        ImmutableArray<QuerySummary> queries = [.. queriesByStart];
        var traceId = DhtTracer.Traces.Model.TraceId.FromBytes(TraceId);
        var operation = new Operation
        {
            Id = new QueryId(traceId, DhtTracer.Traces.Model.SpanId.FromBytes(SpanId)),
            Type = (QueryType)Type,
            Key = KeyText is null
                ? null
                : new QueryKey(KeyText, Convert.ToHexStringLower(KeyBytes ?? []), Convert.ToHexStringLower(KadId ?? [])),
            KeyCount = KeyCount,
            Source = (TraceSource)Source,
            Service = Service,
            Instance = Instance,
            Node = PeerText.Of(Node),
            Background = Background != 0,
            BackgroundKind = (BackgroundKind?)BackgroundKind,
            StartUnixNano = (ulong)StartNs,
            DurationNs = DurationNs,
            Outcome = (QueryOutcome)Outcome,
            Error = ErrorClass is null ? null : new TraceError(ErrorClass, ErrorText),
            DiscoveryNs = DiscoveryNs,
            Results = Results,
            Queries =
            [
                .. queries.Select(static query => new OperationQuery(query.Id, query.Side, query.Skipped, query.Outcome, query.DurationNs)),
            ],
            Decisive = Decisive is null ? null : new QueryId(traceId, DhtTracer.Traces.Model.SpanId.FromBytes(Decisive)),
            AnalysisVersion = DhtTracer.Analysis.Reconstruction.AnalysisVersion.OlderOrNull(AnalysisVersion),
            Command = Command is null ? null : DhtTracer.Traces.Model.SpanId.FromBytes(Command),
        };
        return new ListedOperation(OperationAround.Read(Around, operation), queries);
    }
}
