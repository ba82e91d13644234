using System.Buffers;
using System.Text;
using Dapper;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Inbox;
using DhtTracer.Storage.Sqlite.Parts;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Traces;

/// <summary>Reads what is stored of traces.</summary>
internal static class TraceReader
{
    private const string ContentSql = "SELECT no, revision, analysis_version, received_ns, stale FROM trace WHERE trace_id = ?1";

    /// <summary>Everything stored of a trace; null if there is no such trace.</summary>
    public static TraceContent? Content(SqliteConnection connection, TraceId traceId)
    {
        using var select = new Statement(connection, ContentSql);
        return Content(connection, select, traceId, trace => InboxReader.OfTrace(connection, trace, traceId));
    }

    /// <summary>Everything stored of traces whose new spans are given.</summary>
    public static IReadOnlyList<TraceContent?> Contents(SqliteConnection connection, IReadOnlyList<AssembledTrace> traces)
    {
        // Most traces are new and small, so preparing the statement for each would take longer than all else.
        using var select = new Statement(connection, ContentSql);
        return [.. traces.Select(trace => Content(connection, select, trace.TraceId, _ => trace.Parts))];
    }

    /// <summary>The spans of a trace as they arrived.</summary>
    public static ReadOnlyMemory<byte> Otlp(SqliteConnection connection, long trace, TraceId traceId) =>
        Otlp(connection, trace, isNew: false, InboxReader.OfTrace(connection, trace, traceId)).Otlp;

    private static TraceContent? Content(
        SqliteConnection connection,
        Statement select,
        TraceId traceId,
        Func<long, IReadOnlyList<AssembledPart>> readParts
    )
    {
        Span<byte> id = stackalloc byte[16];
        traceId.WriteBytes(id);
        if (!select.Bind(1, id).Step())
        {
            select.Reset();
            return null;
        }

        var trace = (
            No: select.GetInt64(0),
            Revision: select.GetInt64(1),
            Version: select.GetInt64(2),
            Received: select.GetInt64(3),
            Stale: select.GetInt64(4)
        );
        select.Reset();

        // A trace that was never analysed has no stored spans, and nothing links to it.
        var isNew = trace.Revision == 0;
        var parts = readParts(trace.No);
        var (otlp, stored) = Otlp(connection, trace.No, isNew, parts);
        return new TraceContent(
            traceId,
            trace.Revision,
            (int)trace.Version,
            [.. parts.Select(static part => part.Row)],
            parts.Aggregate(trace.Received, static (latest, part) => Math.Max(latest, part.ReceivedUnixNano)),
            otlp,
            stored,
            isNew
                ? TraceLinks.None
                : new TraceLinks
                {
                    Parts = PartReader.OfTrace(connection, trace.No),
                    UnclearParts = PartReader.UnclearAround(connection, trace.No),
                    OwnStreams = EventStreamReader.OwnOfTrace(connection, trace.No),
                },
            isNew ? [] : EventStreamReader.JoinedWith(connection, trace.No),
            trace.Stale != 0
        );
    }

    /// <summary>The spans of a trace, and how many bytes of them are not from the inbox.</summary>
    private static (ReadOnlyMemory<byte> Otlp, int Stored) Otlp(
        SqliteConnection connection,
        long trace,
        bool isNew,
        IReadOnlyList<AssembledPart> parts
    )
    {
        if (isNew && parts.Count == 1)
        {
            return (parts[0].Otlp, 0);
        }

        var arrived = parts.Sum(static part => part.Otlp.Length);
        var otlp = new ArrayBufferWriter<byte>(isNew ? Math.Max(1, arrived) : arrived + (64 * 1024));
        if (!isNew)
        {
            foreach (
                var (codec, peers, data, checksum) in connection.Query<(long Codec, byte[]? Peers, byte[] Data, long? Checksum)>(
                    """
                    SELECT codec, peers, data, checksum FROM (
                      SELECT 0 AS no, codec, peers, data, checksum FROM trace_blob WHERE trace = @trace
                      UNION ALL SELECT no, codec, peers, data, checksum FROM trace_segment WHERE trace = @trace)
                    ORDER BY no
                    """,
                    new { trace }
                )
            )
            {
                BlobChecksum.Check(checksum, peers, data);
                Unpack(connection, (BlobCodec)codec, peers, data, otlp);
            }
        }

        var stored = otlp.WrittenCount;
        foreach (var part in parts)
        {
            otlp.Write(part.Otlp.Span);
        }

        return (otlp.WrittenMemory, stored);
    }

    public static TraceState? State(SqliteConnection connection, TraceId traceId)
    {
        var row = connection.QuerySingleOrDefault<(long Revision, long LastRow, long Received)?>(
            """
            SELECT revision, ifnull((SELECT max(inbox) FROM inbox_trace WHERE trace = t.no), 0),
              max(received_ns, ifnull(
                (SELECT max(i.received_ns) FROM inbox_trace w JOIN inbox i ON i.no = w.inbox WHERE w.trace = t.no), 0))
            FROM trace t WHERE trace_id = @id
            """,
            new { id = traceId.ToBytes() }
        );
        return row is { } state ? new TraceState(state.Revision, state.LastRow, state.Received) : null;
    }

    public static TraceInfo? Info(SqliteConnection connection, TraceId traceId)
    {
        var row = connection.QuerySingleOrDefault<InfoRow>(
            """
            SELECT t.received_ns AS ReceivedNs, t.span_count AS SpanCount, t.raw_bytes AS RawBytes, t.start_ns AS StartNs,
              t.end_ns AS EndNs,
              t.analysis_error AS AnalysisError,
              (SELECT ifnull(sum(w.span_count), 0) FROM inbox_trace w WHERE w.trace = t.no) AS PendingSpanCount
            FROM trace t WHERE t.trace_id = @id
            """,
            new { id = traceId.ToBytes() }
        );
        return row is null
            ? null
            : new TraceInfo
            {
                TraceId = traceId,
                ReceivedUnixNano = row.ReceivedNs,
                SpanCount = row.SpanCount,
                PendingSpanCount = row.PendingSpanCount,
                RawBytes = row.RawBytes,
                StartUnixNano = (ulong?)row.StartNs,
                EndUnixNano = (ulong?)row.EndNs,
                AnalysisError = row.AnalysisError,
            };
    }

    public static IReadOnlyList<PendingTrace> Pending(SqliteConnection connection, int limit) =>
        connection
            .Query<(byte[] Id, long First, long Last, long Spans)>(
                """
                SELECT t.trace_id, c.first, c.last, c.spans
                FROM (SELECT w.trace, min(i.received_ns) AS first, max(i.received_ns) AS last, sum(w.span_count) AS spans
                      FROM inbox_trace w JOIN inbox i ON i.no = w.inbox GROUP BY w.trace ORDER BY first LIMIT @limit) c
                JOIN trace t ON t.no = c.trace
                UNION ALL
                SELECT trace_id, received_ns, received_ns, 0 FROM trace t
                WHERE stale = 1 AND NOT EXISTS (SELECT 1 FROM inbox_trace WHERE trace = t.no)
                LIMIT @limit
                """,
                new { limit }
            )
            .Select(row => new PendingTrace(TraceId.FromBytes(row.Id), row.First, row.Last, row.Spans))
            .ToList();

    public static IReadOnlyList<TraceId> AnalysedBefore(SqliteConnection connection, int version, int limit) =>
        connection
            .Query<byte[]>(
                "SELECT trace_id FROM trace WHERE analysis_version > 0 AND analysis_version < @version LIMIT @limit",
                new { version, limit }
            )
            .Select(id => TraceId.FromBytes(id))
            .ToList();

    public static long CountAnalysedBefore(SqliteConnection connection, int version) =>
        connection.ExecuteScalar<long>(
            "SELECT count(*) FROM trace WHERE analysis_version > 0 AND analysis_version < @version",
            new { version }
        );

    public static StoreCounts Counts(SqliteConnection connection, long fileBytes)
    {
        var (traces, spans, operations, queries, rawBytes) = connection.QuerySingle<(long, long, long, long, long)>(
            "SELECT traces, spans, operations, queries, raw_bytes FROM total"
        );
        var pending = connection.ExecuteScalar<long>("SELECT ifnull(sum(span_count), 0) FROM inbox_trace");
        return new StoreCounts(traces, spans, pending, operations, queries, rawBytes, fileBytes);
    }

    private static void Unpack(SqliteConnection connection, BlobCodec codec, byte[]? peers, byte[] data, ArrayBufferWriter<byte> output)
    {
        switch (codec)
        {
            case BlobCodec.Brotli or BlobCodec.Zstd:
                TraceBlob.Inflate(data, codec == BlobCodec.Brotli, output);
                break;
            case BlobCodec.BrotliPeers or BlobCodec.ZstdPeers:
                var inflated = new ArrayBufferWriter<byte>(data.Length * 4);
                TraceBlob.Inflate(data, codec == BlobCodec.BrotliPeers, inflated);
                PeerSubstitution.Decode(inflated.WrittenSpan, PeerIds(connection, peers ?? []), output);
                break;
            default:
                throw new InvalidDataException($"A stored trace is packed in way {(int)codec}, which this version does not know.");
        }
    }

    private static List<byte[]> PeerIds(SqliteConnection connection, byte[] peers)
    {
        var numbers = new List<long>(peers.Length);
        for (ReadOnlySpan<byte> rest = peers; !rest.IsEmpty; )
        {
            numbers.Add((long)Varint.Read(ref rest));
        }

        using var statement = new Statement(connection, "SELECT id FROM peer WHERE no = ?1");
        return numbers.ConvertAll(number =>
        {
            var id = statement.Bind(1, number).Step()
                ? Encoding.UTF8.GetBytes(PeerTable.Read(statement, 0))
                : throw new InvalidDataException($"A stored trace is damaged: peer {number} is not there.");
            statement.Reset();
            return id;
        });
    }

    private sealed class InfoRow
    {
        public long ReceivedNs { get; init; }

        public long SpanCount { get; init; }

        public long PendingSpanCount { get; init; }

        public long RawBytes { get; init; }

        public long? StartNs { get; init; }

        public long? EndNs { get; init; }

        public string? AnalysisError { get; init; }
    }
}
