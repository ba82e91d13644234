using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.EventStreams;

/// <summary>A query-event stream as stored in the table.</summary>
internal sealed record StoredStream(long No, long Trace, long? Operation, int Fits, JoinCandidate Candidate);

/// <summary>An operation made from spans, as stored in the tables.</summary>
internal sealed record StoredOperation(long No, long Trace, JoinCandidate Candidate);

/// <summary>Reads the candidates for joining: streams and operations of one key.</summary>
internal static class EventStreamCandidates
{
    /// <summary>Operations that started longer than this before a stream are not candidates, in nanoseconds: 1 h.</summary>
    private const long LongestBeforeNs = 3_600_000_000_000;

    /// <summary>Streams that are not joined within their own trace.</summary>
    public static List<StoredStream> Streams(WriteSession session, byte[] digest, QueryType type, int limit) =>
        [
            .. session
                .Connection.Query<StreamRow>(
                    """
                    SELECT s.no AS No, s.trace AS Trace, t.trace_id AS TraceId, s.span_id AS SpanId, s.operation AS Operation,
                      s.fits AS Fits,
                      n.id AS Node, s.start_ns AS StartNs, s.duration_ns AS DurationNs, s.timed AS Timed, s.whole AS Whole, s.asked AS Asked
                    FROM event_stream s JOIN trace t ON t.hash = s.hash AND t.no = s.trace LEFT JOIN peer n ON n.no = s.node
                    WHERE s.key_digest = @digest AND s.type = @type AND s.inside = 0 ORDER BY s.no LIMIT @limit
                    """,
                    new
                    {
                        digest,
                        type = (short)type,
                        limit,
                    }
                )
                .Select(static row => new StoredStream(
                    row.No,
                    row.Trace,
                    row.Operation,
                    row.Fits,
                    new JoinCandidate(
                        new QueryId(TraceId.FromBytes(row.TraceId), SpanId.FromBytes(row.SpanId)),
                        row.Node,
                        (ulong)row.StartNs,
                        row.DurationNs,
                        row.Timed != 0,
                        row.Whole != 0,
                        Numbers(row.Asked)
                    )
                )),
        ];

    /// <summary>
    /// Operations made from spans that are not joined within their own trace, by id. If all streams have times, only operations around
    /// them.
    /// </summary>
    public static Dictionary<QueryId, StoredOperation> Operations(
        WriteSession session,
        byte[] digest,
        QueryType type,
        List<StoredStream> streams,
        int limit
    )
    {
        var timed = streams.TrueForAll(static stream => stream.Candidate.IsTimed);
        var rows = session
            .Connection.Query<OperationRow>(
                """
                SELECT o.no AS No, o.trace AS Trace, t.trace_id AS TraceId, o.span_id AS SpanId, n.id AS Node, o.start_ns AS StartNs,
                  o.duration_ns AS DurationNs,
                  (SELECT coalesce(sum(q.missing_spans), 0)::bigint FROM query q WHERE q.operation = o.no) AS Missing
                FROM dht_operation o JOIN trace t ON t.hash = o.hash AND t.no = o.trace LEFT JOIN peer n ON n.no = o.node
                WHERE o.key_digest = @digest AND o.type = @type AND o.background = 0 AND o.source = ANY(@sources)
                  AND o.start_ns BETWEEN @from AND @to
                  AND NOT EXISTS (SELECT 1 FROM event_stream s WHERE s.operation = o.no AND s.inside = 1)
                ORDER BY o.start_ns, o.no LIMIT @limit
                """,
                new
                {
                    digest,
                    type = (short)type,
                    sources = new[] { (short)TraceSource.GoKadDht, (short)TraceSource.GoKadDhtAndKuboEvents },
                    from = timed ? streams.Min(static stream => (long)stream.Candidate.StartUnixNano) - LongestBeforeNs : long.MinValue,
                    to = timed ? streams.Max(static stream => LatestStart(stream.Candidate)) : long.MaxValue,
                    limit,
                }
            )
            .AsList();
        return rows.ToDictionary(
            static row => new QueryId(TraceId.FromBytes(row.TraceId), SpanId.FromBytes(row.SpanId)),
            row => new StoredOperation(
                row.No,
                row.Trace,
                new JoinCandidate(
                    new QueryId(TraceId.FromBytes(row.TraceId), SpanId.FromBytes(row.SpanId)),
                    row.Node,
                    (ulong)row.StartNs,
                    row.DurationNs,
                    true,
                    row.DurationNs is not null && row.Missing == 0,
                    AskedBy(session, row.No)
                )
            )
        );
    }

    private static long LatestStart(JoinCandidate stream) =>
        stream.DurationNs is { } duration ? (long)stream.StartUnixNano + duration + EventStreamMatch.ClockSlackNs : long.MaxValue;

    private static HashSet<long> AskedBy(WriteSession session, long operation)
    {
        var peers = new List<PackedPeer>();
        foreach (var packed in session.Connection.Query<byte[]>("SELECT peers FROM query WHERE operation = @operation", new { operation }))
        {
            PackedPeers.Read(packed, peers);
        }

        return [.. peers.Where(static peer => peer.Requests > 0).Select(static peer => peer.Peer)];
    }

    private static HashSet<long> Numbers(byte[] packed)
    {
        var numbers = new HashSet<long>();
        for (ReadOnlySpan<byte> rest = packed; !rest.IsEmpty; )
        {
            numbers.Add((long)Varint.Read(ref rest));
        }

        return numbers;
    }

    private sealed class StreamRow
    {
        public long No { get; init; }
        public long Trace { get; init; }
        public byte[] TraceId { get; init; } = [];
        public byte[] SpanId { get; init; } = [];
        public long? Operation { get; init; }
        public int Fits { get; init; }
        public string? Node { get; init; }
        public long StartNs { get; init; }
        public long? DurationNs { get; init; }
        public short Timed { get; init; }
        public short Whole { get; init; }
        public byte[] Asked { get; init; } = [];
    }

    private sealed class OperationRow
    {
        public long No { get; init; }
        public long Trace { get; init; }
        public byte[] TraceId { get; init; } = [];
        public byte[] SpanId { get; init; } = [];
        public string? Node { get; init; }
        public long StartNs { get; init; }
        public long? DurationNs { get; init; }
        public long Missing { get; init; }
    }
}
