using System.Collections.Immutable;
using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using Npgsql;

namespace DhtTracer.Storage.Postgres.EventStreams;

/// <summary>Reads the links between query-event streams and operations.</summary>
internal static class EventStreamReader
{
    /// <summary>The streams of a trace that are not joined within it, but with an operation in another trace or with none.</summary>
    public static ImmutableArray<StreamLink> OwnOfTrace(NpgsqlConnection connection, int hash, long trace) =>
        [
            .. connection
                .Query<(byte[] Root, int Fits, byte[]? Trace, byte[]? Operation)>(
                    """
                    SELECT s.span_id, s.fits, t.trace_id, o.span_id
                    FROM event_stream s LEFT JOIN dht_operation o ON o.no = s.operation
                    LEFT JOIN trace t ON t.hash = o.hash AND t.no = o.trace
                    WHERE s.hash = @hash AND s.trace = @trace AND s.inside = 0 ORDER BY s.no
                    """,
                    new { hash, trace }
                )
                .Select(static row => new StreamLink(
                    SpanId.FromBytes(row.Root),
                    row.Operation is null ? null : new QueryId(TraceId.FromBytes(row.Trace!), SpanId.FromBytes(row.Operation)),
                    row.Fits
                )),
        ];

    /// <summary>The streams in other traces that are joined with operations of a trace.</summary>
    /// <param name="connection">The connection to read from.</param>
    /// <param name="trace">Number of the trace.</param>
    /// <param name="read">Reads the spans of a trace by hash, number and id.</param>
    public static ImmutableArray<LinkedStream> JoinedWith(
        NpgsqlConnection connection,
        long trace,
        Func<int, long, TraceId, ReadOnlyMemory<byte>> read
    ) =>
        [
            .. connection
                .Query<(int Hash, long Trace, byte[] TraceId, byte[] Root, byte[] Operation)>(
                    """
                    SELECT s.hash, s.trace, t.trace_id, s.span_id, o.span_id
                    FROM dht_operation o JOIN event_stream s ON s.operation = o.no JOIN trace t ON t.hash = s.hash AND t.no = s.trace
                    WHERE o.trace = @trace AND s.inside = 0 ORDER BY o.no
                    """,
                    new { trace }
                )
                .AsList()
                .Select(row => new LinkedStream(
                    SpanId.FromBytes(row.Root),
                    SpanId.FromBytes(row.Operation),
                    read(row.Hash, row.Trace, TraceId.FromBytes(row.TraceId))
                )),
        ];
}
