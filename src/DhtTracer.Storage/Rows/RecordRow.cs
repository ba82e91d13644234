using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Records;
using DhtTracer.Storage.Packed;

namespace DhtTracer.Storage.Rows;

/// <summary>What an operation's row holds of a record, as Dapper fills it.</summary>
internal sealed class RecordRow
{
    /// <summary>The columns: <c>q</c> is the operation, <c>t</c> its trace, <c>s</c> its service, <c>n</c> its node.</summary>
    public const string Columns = """
        t.trace_id AS TraceId, q.span_id AS SpanId, q.type, q.outcome, q.background, s.value AS Service, n.id AS Node,
        q.key_text AS KeyText, q.key_bytes AS KeyBytes, q.kad_id AS KadId, q.start_ns AS StartNs, q.duration_ns AS DurationNs, q.record
        """;

    public byte[] TraceId { get; init; } = [];

    public byte[] SpanId { get; init; } = [];

    public int Type { get; init; }

    public int Outcome { get; init; }

    public long Background { get; init; }

    public string? Service { get; init; }

    /// <summary>A blob or a text, see <see cref="PeerText"/>.</summary>
    public object? Node { get; init; }

    public string KeyText { get; init; } = "";

    public byte[] KeyBytes { get; init; } = [];

    public byte[] KadId { get; init; } = [];

    public long StartNs { get; init; }

    public long? DurationNs { get; init; }

    public byte[] Record { get; init; } = [];

    /// <summary>The key.</summary>
    public QueryKey Key => new(KeyText, Convert.ToHexStringLower(KeyBytes), Convert.ToHexStringLower(KadId));

    /// <summary>The sighting.</summary>
    /// <exception cref="InvalidDataException">The packed column is damaged.</exception>
    public RecordSighting ToSighting(INumberedStrings peers, INumberedStrings texts) =>
        PackedRecord.Read(
            Record,
            new RecordSighting
            {
                Operation = new QueryId(DhtTracer.Traces.Model.TraceId.FromBytes(TraceId), DhtTracer.Traces.Model.SpanId.FromBytes(SpanId)),
                Key = Key,
                Type = (QueryType)Type,
                StartUnixNano = (ulong)StartNs,
                DurationNs = DurationNs,
                Outcome = (QueryOutcome)Outcome,
                Node = PeerText.Of(Node),
                Service = Service,
                Background = Background != 0,
            },
            peers,
            texts
        );
}
