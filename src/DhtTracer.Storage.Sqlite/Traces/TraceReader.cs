using System.Buffers;
using System.Text;
using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Parts;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Traces;

/// <summary>Reads what is stored of traces.</summary>
internal static class TraceReader
{
    public static TraceContent? Content(SqliteConnection connection, TraceId traceId)
    {
        var row = connection.QuerySingleOrDefault<(long No, long Revision, long Version, long Received, long Stale)?>(
            "SELECT no, revision, analysis_version, received_ns, stale FROM trace WHERE trace_id = @id",
            new { id = traceId.ToBytes() }
        );
        if (row is not { } trace)
        {
            return null;
        }

        var (otlp, lastChunk, received) = Otlp(connection, trace.No);
        return new TraceContent(
            traceId,
            trace.Revision,
            (int)trace.Version,
            lastChunk,
            Math.Max(trace.Received, received),
            otlp,
            new TraceLinks
            {
                Parts = PartReader.OfTrace(connection, trace.No),
                UnclearParts = PartReader.UnclearAround(connection, trace.No),
                OwnStreams = EventStreamReader.OwnOfTrace(connection, trace.No),
            },
            EventStreamReader.JoinedWith(connection, trace.No),
            trace.Stale != 0
        );
    }

    /// <summary>The spans of a trace as they arrived, the number of its newest chunk (0 if there is none), and its arrival time.</summary>
    public static (ReadOnlyMemory<byte> Otlp, long LastChunk, long Received) Otlp(SqliteConnection connection, long trace)
    {
        var otlp = new ArrayBufferWriter<byte>(64 * 1024);
        var blob = connection.QuerySingleOrDefault<(long Codec, byte[]? Peers, byte[] Data)?>(
            "SELECT codec, peers, data FROM trace_blob WHERE trace = @trace",
            new { trace }
        );
        if (blob is { } packed)
        {
            Unpack(connection, (BlobCodec)packed.Codec, packed.Peers, packed.Data, otlp);
        }

        var (lastChunk, received) = (0L, 0L);
        foreach (
            var chunk in connection.Query<(long No, long Received, long Codec, byte[] Data)>(
                "SELECT no, received_ns, codec, data FROM chunk WHERE trace = @trace ORDER BY no",
                new { trace }
            )
        )
        {
            Unpack(connection, (BlobCodec)chunk.Codec, null, chunk.Data, otlp);
            lastChunk = chunk.No;
            received = Math.Max(received, chunk.Received);
        }

        return (otlp.WrittenMemory, lastChunk, received);
    }

    public static TraceState? State(SqliteConnection connection, TraceId traceId)
    {
        var row = connection.QuerySingleOrDefault<(long Revision, long LastChunk, long Received)?>(
            """
            SELECT revision, ifnull((SELECT max(no) FROM chunk WHERE trace = t.no), 0),
              max(received_ns, ifnull((SELECT max(received_ns) FROM chunk WHERE trace = t.no), 0))
            FROM trace t WHERE trace_id = @id
            """,
            new { id = traceId.ToBytes() }
        );
        return row is { } state ? new TraceState(state.Revision, state.LastChunk, state.Received) : null;
    }

    public static TraceInfo? Info(SqliteConnection connection, TraceId traceId)
    {
        var row = connection.QuerySingleOrDefault<InfoRow>(
            """
            SELECT t.received_ns AS ReceivedNs, t.span_count AS SpanCount, t.raw_bytes AS RawBytes, t.start_ns AS StartNs,
              t.end_ns AS EndNs,
              t.analysis_error AS AnalysisError, (SELECT ifnull(sum(c.span_count), 0) FROM chunk c WHERE c.trace = t.no) AS PendingSpanCount
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
                FROM (SELECT trace, min(received_ns) AS first, max(received_ns) AS last, sum(span_count) AS spans
                      FROM chunk GROUP BY trace ORDER BY first LIMIT @limit) c
                JOIN trace t ON t.no = c.trace
                UNION ALL
                SELECT trace_id, received_ns, received_ns, 0 FROM trace t
                WHERE stale = 1 AND NOT EXISTS (SELECT 1 FROM chunk WHERE trace = t.no)
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
        var pending = connection.ExecuteScalar<long>("SELECT ifnull(sum(span_count), 0) FROM chunk");
        return new StoreCounts(traces, spans, pending, operations, queries, rawBytes, fileBytes);
    }

    private static void Unpack(SqliteConnection connection, BlobCodec codec, byte[]? peers, byte[] data, ArrayBufferWriter<byte> output)
    {
        switch (codec)
        {
            case BlobCodec.Brotli:
                TraceBlob.Inflate(data, output);
                break;
            case BlobCodec.BrotliPeers:
                var inflated = new ArrayBufferWriter<byte>(data.Length * 4);
                TraceBlob.Inflate(data, inflated);
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
