using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.EventStreams;

/// <summary>A query-event stream as stored in the table.</summary>
internal sealed record StoredStream(long No, long Trace, long? Operation, long Fits, JoinCandidate Candidate);

/// <summary>An operation made from spans, as stored in the tables.</summary>
internal sealed record StoredOperation(long No, long Trace, JoinCandidate Candidate);

/// <summary>Reads the candidates for joining: streams and operations of one key.</summary>
internal static class EventStreamCandidates
{
    /// <summary>Operations that started longer than this before a stream are not candidates, in nanoseconds: 1 h.</summary>
    private const long LongestBeforeNs = 3_600_000_000_000;

    /// <summary>Streams that are not joined within their own trace.</summary>
    public static List<StoredStream> Streams(WriteSession session, byte[] key, QueryType type, int limit)
    {
        var streams = new List<StoredStream>();
        var select = session[
            """
            SELECT s.no, s.trace, t.trace_id, s.span_id, s.operation, s.fits, n.id, s.start_ns, s.duration_ns, s.timed, s.whole, s.asked
            FROM event_stream s JOIN trace t ON t.no = s.trace LEFT JOIN peer n ON n.no = s.node
            WHERE s.key_bytes = ?1 AND s.type = ?2 AND s.inside = 0 ORDER BY s.no LIMIT ?3
            """
        ]
            .Bind(1, key)
            .Bind(2, (long)type)
            .Bind(3, limit);
        while (select.Step())
        {
            var asked = new HashSet<long>();
            for (ReadOnlySpan<byte> rest = select.GetBlob(11); !rest.IsEmpty; )
            {
                asked.Add((long)Varint.Read(ref rest));
            }

            streams.Add(
                new StoredStream(
                    select.GetInt64(0),
                    select.GetInt64(1),
                    select.IsNull(4) ? null : select.GetInt64(4),
                    select.GetInt64(5),
                    new JoinCandidate(
                        new QueryId(TraceId.FromBytes(select.GetBlob(2)), SpanId.FromBytes(select.GetBlob(3))),
                        select.IsNull(6) ? null : PeerTable.Read(select, 6),
                        (ulong)select.GetInt64(7),
                        select.IsNull(8) ? null : select.GetInt64(8),
                        select.GetInt64(9) != 0,
                        select.GetInt64(10) != 0,
                        asked
                    )
                )
            );
        }

        select.Reset();
        return streams;
    }

    /// <summary>
    /// Operations made from spans that are not joined within their own trace, by id. If all streams have times, only operations around
    /// them.
    /// </summary>
    public static Dictionary<QueryId, StoredOperation> Operations(
        WriteSession session,
        byte[] key,
        QueryType type,
        List<StoredStream> streams,
        int limit
    )
    {
        var timed = streams.TrueForAll(static stream => stream.Candidate.IsTimed);
        var operations = new Dictionary<QueryId, StoredOperation>();
        var select = session[
            """
            SELECT o.no, o.trace, t.trace_id, o.span_id, n.id, o.start_ns, o.duration_ns,
              (SELECT ifnull(sum(q.missing_spans), 0) FROM query q WHERE q.operation = o.no)
            FROM dht_operation o JOIN trace t ON t.no = o.trace LEFT JOIN peer n ON n.no = o.node
            WHERE o.key_bytes = ?1 AND o.type = ?2 AND o.background = 0 AND o.source IN (?3, ?4) AND o.start_ns BETWEEN ?5 AND ?6
              AND NOT EXISTS (SELECT 1 FROM event_stream s WHERE s.operation = o.no AND s.inside = 1)
            ORDER BY o.start_ns, o.no LIMIT ?7
            """
        ]
            .Bind(1, key)
            .Bind(2, (long)type)
            .Bind(3, (long)TraceSource.GoKadDht)
            .Bind(4, (long)TraceSource.GoKadDhtAndKuboEvents)
            .Bind(5, timed ? streams.Min(static stream => (long)stream.Candidate.StartUnixNano) - LongestBeforeNs : long.MinValue)
            .Bind(6, timed ? streams.Max(static stream => LatestStart(stream.Candidate)) : long.MaxValue)
            .Bind(7, limit);
        while (select.Step())
        {
            var (no, id) = (select.GetInt64(0), new QueryId(TraceId.FromBytes(select.GetBlob(2)), SpanId.FromBytes(select.GetBlob(3))));
            long? duration = select.IsNull(6) ? null : select.GetInt64(6);
            operations.Add(
                id,
                new StoredOperation(
                    no,
                    select.GetInt64(1),
                    new JoinCandidate(
                        id,
                        select.IsNull(4) ? null : PeerTable.Read(select, 4),
                        (ulong)select.GetInt64(5),
                        duration,
                        true,
                        duration is not null && select.GetInt64(7) == 0,
                        AskedBy(session, no)
                    )
                )
            );
        }

        select.Reset();
        return operations;
    }

    private static long LatestStart(JoinCandidate stream) =>
        stream.DurationNs is { } duration ? (long)stream.StartUnixNano + duration + EventStreamMatch.ClockSlackNs : long.MaxValue;

    private static HashSet<long> AskedBy(WriteSession session, long operation)
    {
        var asked = new HashSet<long>();
        var peers = new List<PackedPeer>();
        var select = session["SELECT p.data FROM query q JOIN query_peers p ON p.query = q.no WHERE q.operation = ?1"].Bind(1, operation);
        while (select.Step())
        {
            peers.Clear();
            PackedPeers.Read(select.GetBlob(0), peers);
            asked.UnionWith(peers.Where(static peer => peer.Requests > 0).Select(static peer => peer.Peer));
        }

        select.Reset();
        return asked;
    }
}
