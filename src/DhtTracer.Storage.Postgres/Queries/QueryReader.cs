using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage.Operations;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Traces.Model;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Queries;

/// <summary>Finds single queries and operations.</summary>
internal static class QueryReader
{
    public static long? Deleted(NpgsqlConnection connection, TraceId traceId) =>
        connection.ExecuteScalar<long?>(
            "SELECT deleted_ns FROM tombstone WHERE hash = @hash AND trace_id = @id",
            new { hash = TraceKey.Hash(traceId), id = traceId.ToBytes() }
        );

    /// <summary>Operations by id, in this order. Unknown ids are left out.</summary>
    public static IReadOnlyList<ListedOperation> Operations(NpgsqlConnection connection, IReadOnlyCollection<QueryId> ids)
    {
        var rows = connection
            .Query<OperationRow>(
                $"""
                SELECT {OperationRow.Columns} FROM unnest(@hashes, @traces, @spans) AS w(hash, id, span)
                JOIN trace w2 ON w2.hash = w.hash AND w2.trace_id = w.id
                JOIN dht_operation q ON q.hash = w2.hash AND q.day = w2.day AND q.trace = w2.no AND q.span_id = w.span
                {RowJoins.Operations}
                """,
                new
                {
                    hashes = ids.Select(static id => TraceKey.Hash(id.TraceId)).ToArray(),
                    traces = ids.Select(static id => id.TraceId.ToBytes()).ToArray(),
                    spans = ids.Select(static id => id.SpanId.ToBytes()).ToArray(),
                }
            )
            .DistinctBy(static row => row.No)
            .ToList();
        var listed = WithQueries(connection, rows).ToDictionary(static row => row.Operation.Id);
        return [.. ids.Where(listed.ContainsKey).Select(id => listed[id])];
    }

    /// <summary>Operations with their queries.</summary>
    public static IReadOnlyList<ListedOperation> WithQueries(NpgsqlConnection connection, IReadOnlyList<OperationRow> operations)
    {
        var queries = connection
            .Query<long, QueryRow, (long Operation, QueryRow Query)>(
                $"""
                SELECT q.operation AS Operation, {QueryRow.Columns} FROM query q {RowJoins.Queries}
                WHERE q.operation = ANY(@numbers) ORDER BY q.start_ns, q.span_id
                """,
                static (operation, query) => (operation, query),
                new { numbers = operations.Select(static row => row.No).ToArray() },
                splitOn: "no"
            )
            .ToLookup(static row => row.Operation, static row => row.Query);
        return [.. operations.Select(row => row.ToListed(queries[row.No].Select(static query => query.ToSummary())))];
    }

    public static IReadOnlyList<QueryId> FindByPrefix(NpgsqlConnection connection, string prefix, int limit)
    {
        var dash = prefix.IndexOf('-', StringComparison.Ordinal);
        var trace = dash < 0 ? prefix : prefix[..dash];
        if (!TryRange(trace, 16, out var from, out var to) || (dash >= 0 && trace.Length != 32))
        {
            return [];
        }

        byte[] spanFrom = new byte[8],
            spanTo = [.. Enumerable.Repeat((byte)0xFF, 8)];
        if (dash >= 0 && dash + 1 < prefix.Length && !TryRange(prefix[(dash + 1)..], 8, out spanFrom, out spanTo))
        {
            return [];
        }

        return connection
            .Query<(byte[] Trace, byte[] Span)>(
                """
                WITH traces AS (SELECT hash, no, day, trace_id FROM trace WHERE trace_id BETWEEN @from AND @to)
                SELECT t.trace_id, q.span_id FROM traces t JOIN query q ON q.hash = t.hash AND q.day = t.day AND q.trace = t.no
                WHERE q.span_id BETWEEN @spanFrom AND @spanTo
                UNION
                SELECT t.trace_id, q.span_id FROM traces t JOIN dht_operation q ON q.hash = t.hash AND q.day = t.day AND q.trace = t.no
                WHERE q.span_id BETWEEN @spanFrom AND @spanTo
                UNION
                SELECT t.trace_id, q.span_id FROM traces t JOIN event_stream q ON q.hash = t.hash AND q.trace = t.no
                WHERE q.operation IS NOT NULL AND q.span_id BETWEEN @spanFrom AND @spanTo AND (q.inside = 0 OR @spanFrom = @spanTo)
                ORDER BY 1, 2 LIMIT @limit
                """,
                new
                {
                    from,
                    to,
                    spanFrom,
                    spanTo,
                    limit,
                }
            )
            .Select(Id)
            .ToList();
    }

    public static QueryNeighbours Neighbours(NpgsqlConnection connection, QueryId id)
    {
        QueryId? Beside(string compare, string order) =>
            connection
                .Query<(byte[] Trace, byte[] Span)>(
                    $"""
                    SELECT t2.trace_id, f.span_id
                    FROM trace t JOIN query q ON q.hash = t.hash AND q.day = t.day AND q.trace = t.no
                    CROSS JOIN LATERAL (
                      SELECT q2.hash, q2.trace, q2.span_id FROM query q2
                      WHERE q2.key_digest = q.key_digest AND q2.operation <> q.operation AND q2.skipped = 0
                        AND (q2.start_ns, q2.no) {compare} (q.start_ns, q.no)
                      ORDER BY q2.start_ns {order}, q2.no {order} LIMIT 1) f
                    JOIN trace t2 ON t2.hash = f.hash AND t2.no = f.trace
                    WHERE t.hash = @hash AND t.trace_id = @trace AND q.span_id = @span
                    """,
                    new
                    {
                        hash = TraceKey.Hash(id.TraceId),
                        trace = id.TraceId.ToBytes(),
                        span = id.SpanId.ToBytes(),
                    }
                )
                .Select(static row => (QueryId?)Id(row))
                .FirstOrDefault();
        return new QueryNeighbours(Beside("<", "DESC"), Beside(">", "ASC"));
    }

    public static long Count(NpgsqlConnection connection, IReadOnlyCollection<TraceId> traces) =>
        connection.ExecuteScalar<long>(
            """
            SELECT coalesce(sum((SELECT count(*) FROM query q WHERE q.hash = t.hash AND q.day = t.day AND q.trace = t.no)
              + (SELECT count(*) FROM event_stream s
                 WHERE s.hash = t.hash AND s.trace = t.no AND s.inside = 0 AND s.operation IS NOT NULL)), 0)::bigint
            FROM unnest(@hashes, @ids) AS w(hash, id) JOIN trace t ON t.hash = w.hash AND t.trace_id = w.id
            """,
            new { hashes = traces.Select(TraceKey.Hash).ToArray(), ids = traces.Select(static trace => trace.ToBytes()).ToArray() }
        );

    private static QueryId Id((byte[] Trace, byte[] Span) row) => new(TraceId.FromBytes(row.Trace), SpanId.FromBytes(row.Span));

    /// <summary>The smallest and the greatest id with these leading digits.</summary>
    private static bool TryRange(string hex, int length, out byte[] from, out byte[] to)
    {
        (from, to) = ([], []);
        if (hex.Length == 0 || hex.Length > length * 2 || !hex.All(char.IsAsciiHexDigit))
        {
            return false;
        }

        from = Convert.FromHexString(hex.PadRight(length * 2, '0'));
        to = Convert.FromHexString(hex.PadRight(length * 2, 'f'));
        return true;
    }
}
