using System.Buffers;
using System.Text;
using Dapper;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.EventStreams;
using DhtTracer.Storage.Postgres.Inbox;
using DhtTracer.Storage.Postgres.Parts;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Traces;

/// <summary>Reads what is stored of traces.</summary>
internal sealed class TraceReader(StringTables strings)
{
    /// <summary>Everything stored of a trace; null if there is no such trace.</summary>
    public TraceContent? Content(NpgsqlConnection connection, TraceId traceId) =>
        Content(connection, traceId, (hash, trace) => InboxReader.OfTrace(connection, hash, trace, traceId));

    /// <summary>Everything stored of traces whose new spans are given.</summary>
    public IReadOnlyList<TraceContent?> Contents(NpgsqlConnection connection, IReadOnlyList<AssembledTrace> traces) =>
        [.. traces.Select(trace => Content(connection, trace.TraceId, (_, _) => trace.Parts))];

    private TraceContent? Content(NpgsqlConnection connection, TraceId traceId, Func<int, long, IReadOnlyList<AssembledPart>> readParts)
    {
        var hash = TraceKey.Hash(traceId);
        var row = connection.QuerySingleOrDefault<(long No, long Revision, int Version, long Received, short Stale)?>(
            "SELECT no, revision, analysis_version, received_ns, stale FROM trace WHERE hash = @hash AND trace_id = @id",
            new { hash, id = traceId.ToBytes() }
        );
        if (row is not { } trace)
        {
            return null;
        }

        // A trace that was never analysed has no stored spans, and nothing links to it.
        var isNew = trace.Revision == 0;
        var parts = readParts(hash, trace.No);
        var (otlp, stored) = Otlp(connection, hash, trace.No, isNew, parts);
        return new TraceContent(
            traceId,
            trace.Revision,
            trace.Version,
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
                    OwnStreams = EventStreamReader.OwnOfTrace(connection, hash, trace.No),
                },
            isNew ? [] : EventStreamReader.JoinedWith(connection, trace.No, OtlpOf),
            trace.Stale != 0
        );

        ReadOnlyMemory<byte> OtlpOf(int otherHash, long other, TraceId otherId) =>
            Otlp(connection, otherHash, other, isNew: false, InboxReader.OfTrace(connection, otherHash, other, otherId)).Otlp;
    }

    /// <summary>The spans of a trace, and how many bytes of them are not from the inbox.</summary>
    private (ReadOnlyMemory<byte> Otlp, int Stored) Otlp(
        NpgsqlConnection connection,
        int hash,
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
                var (codec, peers, data, checksum) in connection.Query<(short Codec, byte[]? Peers, byte[] Data, long Checksum)>(
                    "SELECT codec, peers, data, checksum FROM trace_part WHERE hash = @hash AND trace = @trace ORDER BY revision",
                    new { hash, trace }
                )
            )
            {
                BlobChecksum.Check(checksum, peers, data);
                Unpack((BlobCodec)codec, peers, data, otlp);
            }
        }

        var stored = otlp.WrittenCount;
        foreach (var part in parts)
        {
            otlp.Write(part.Otlp.Span);
        }

        return (otlp.WrittenMemory, stored);
    }

    public static TraceState? State(NpgsqlConnection connection, TraceId traceId)
    {
        var row = connection.QuerySingleOrDefault<(long Revision, long LastRow, long Received)?>(
            """
            SELECT t.revision, coalesce(w.last, 0), greatest(t.received_ns, w.received)
            FROM trace t LEFT JOIN LATERAL (
              SELECT max(w.inbox) AS last, max(i.received_ns) AS received FROM inbox_trace w JOIN inbox i ON i.no = w.inbox
              WHERE w.hash = t.hash AND w.trace = t.no) w ON true
            WHERE t.hash = @hash AND t.trace_id = @id
            """,
            new { hash = TraceKey.Hash(traceId), id = traceId.ToBytes() }
        );
        return row is { } state ? new TraceState(state.Revision, state.LastRow, state.Received) : null;
    }

    public static TraceInfo? Info(NpgsqlConnection connection, TraceId traceId)
    {
        var row = connection.QuerySingleOrDefault<InfoRow>(
            """
            SELECT t.received_ns AS ReceivedNs, t.span_count AS SpanCount, t.raw_bytes AS RawBytes, t.start_ns AS StartNs,
              t.end_ns AS EndNs, t.analysis_error AS AnalysisError,
              (SELECT coalesce(sum(w.span_count), 0)::bigint FROM inbox_trace w
               WHERE w.hash = t.hash AND w.trace = t.no) AS PendingSpanCount
            FROM trace t WHERE t.hash = @hash AND t.trace_id = @id
            """,
            new { hash = TraceKey.Hash(traceId), id = traceId.ToBytes() }
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

    public static IReadOnlyList<PendingTrace> Pending(NpgsqlConnection connection, int limit) =>
        connection
            .Query<(byte[] Id, long First, long Last, long Spans)>(
                """
                SELECT t.trace_id, c.first, c.last, c.spans
                FROM (SELECT w.hash, w.trace, min(i.received_ns) AS first, max(i.received_ns) AS last, sum(w.span_count)::bigint AS spans
                      FROM inbox_trace w JOIN inbox i ON i.no = w.inbox GROUP BY w.hash, w.trace ORDER BY first, w.trace LIMIT @limit) c
                JOIN trace t ON t.hash = c.hash AND t.no = c.trace
                UNION ALL
                (SELECT trace_id, received_ns, received_ns, 0 FROM trace t
                 WHERE stale = 1 AND NOT EXISTS (SELECT 1 FROM inbox_trace w WHERE w.hash = t.hash AND w.trace = t.no) ORDER BY no)
                LIMIT @limit
                """,
                new { limit }
            )
            .Select(static row => new PendingTrace(TraceId.FromBytes(row.Id), row.First, row.Last, row.Spans))
            .ToList();

    public static IReadOnlyList<TraceId> AnalysedBefore(NpgsqlConnection connection, int version, int limit) =>
        connection
            .Query<byte[]>(
                "SELECT trace_id FROM trace WHERE analysis_version > 0 AND analysis_version < @version LIMIT @limit",
                new { version, limit }
            )
            .Select(static id => TraceId.FromBytes(id))
            .ToList();

    public static long CountAnalysedBefore(NpgsqlConnection connection, int version) =>
        connection.ExecuteScalar<long>(
            "SELECT count(*) FROM trace WHERE analysis_version > 0 AND analysis_version < @version",
            new { version }
        );

    public static StoreCounts Counts(NpgsqlConnection connection)
    {
        var (traces, spans, operations, queries, rawBytes) = connection.QuerySingle<(long, long, long, long, long)>(
            """
            SELECT coalesce(sum(traces), 0)::bigint, coalesce(sum(spans), 0)::bigint, coalesce(sum(operations), 0)::bigint,
              coalesce(sum(queries), 0)::bigint, coalesce(sum(raw_bytes), 0)::bigint FROM total
            """
        );
        var pending = connection.ExecuteScalar<long>("SELECT coalesce(sum(span_count), 0)::bigint FROM inbox_trace");
        var bytes = connection.ExecuteScalar<long>(
            """
            SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
            """
        );
        return new StoreCounts(traces, spans, pending, operations, queries, rawBytes, bytes);
    }

    private void Unpack(BlobCodec codec, byte[]? peers, byte[] data, ArrayBufferWriter<byte> output)
    {
        switch (codec)
        {
            case BlobCodec.Brotli or BlobCodec.Zstd:
                TraceBlob.Inflate(data, codec == BlobCodec.Brotli, output);
                break;
            case BlobCodec.BrotliPeers or BlobCodec.ZstdPeers:
                var inflated = new ArrayBufferWriter<byte>(data.Length * 4);
                TraceBlob.Inflate(data, codec == BlobCodec.BrotliPeers, inflated);
                PeerSubstitution.Decode(inflated.WrittenSpan, PeerIds(peers ?? []), output);
                break;
            default:
                throw new InvalidDataException($"A stored trace is packed in way {(int)codec}, which this version does not know.");
        }
    }

    private List<byte[]> PeerIds(byte[] peers)
    {
        var ids = new List<byte[]>(peers.Length);
        for (ReadOnlySpan<byte> rest = peers; !rest.IsEmpty; )
        {
            ids.Add(Encoding.UTF8.GetBytes(strings.Peers.Get((long)Varint.Read(ref rest))));
        }

        return ids;
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
