using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Queries;

/// <summary>Finds single queries and operations.</summary>
internal static class QueryReader
{
    public static long? Deleted(SqliteConnection connection, TraceId traceId) =>
        connection.ExecuteScalar<long?>("SELECT deleted_ns FROM tombstone WHERE trace_id = @id", new { id = traceId.ToBytes() });

    public static IReadOnlyList<QueryId> FindByPrefix(SqliteConnection connection, string prefix, int limit)
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
                SELECT t.trace_id, q.span_id FROM trace t JOIN query q ON q.trace = t.no
                WHERE t.trace_id BETWEEN @from AND @to AND q.span_id BETWEEN @spanFrom AND @spanTo
                UNION
                SELECT t.trace_id, q.span_id FROM trace t JOIN dht_operation q ON q.trace = t.no
                WHERE t.trace_id BETWEEN @from AND @to AND q.span_id BETWEEN @spanFrom AND @spanTo
                UNION
                SELECT t.trace_id, q.span_id FROM trace t JOIN event_stream q ON q.trace = t.no AND q.operation IS NOT NULL
                WHERE t.trace_id BETWEEN @from AND @to AND q.span_id BETWEEN @spanFrom AND @spanTo AND (q.inside = 0 OR @spanFrom = @spanTo)
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

    public static QueryPage Page(SqliteConnection connection, QueryFilter filter, QuerySort sort, string? cursor, int limit)
    {
        var (rows, next, previous) = QueryList.Read<QueryRow>(connection, filter, sort, cursor, limit);
        return new QueryPage(rows.ConvertAll(static row => row.ToSummary()), next, previous);
    }

    public static QueryNeighbours Neighbours(SqliteConnection connection, QueryId id)
    {
        QueryId? Beside(string compare, string order) =>
            connection
                .Query<(byte[] Trace, byte[] Span)>(
                    $"""
                    SELECT t2.trace_id, q2.span_id
                    FROM trace t JOIN query q ON q.trace = t.no
                    JOIN query q2 ON q2.key_bytes = q.key_bytes AND q2.operation <> q.operation AND q2.skipped = 0 AND (q2.start_ns,
                      q2.no) {compare} (q.start_ns, q.no)
                    JOIN trace t2 ON t2.no = q2.trace
                    WHERE t.trace_id = @trace AND q.span_id = @span
                    ORDER BY q2.start_ns {order}, q2.no {order} LIMIT 1
                    """,
                    new { trace = id.TraceId.ToBytes(), span = id.SpanId.ToBytes() }
                )
                .Select(row => (QueryId?)Id(row))
                .FirstOrDefault();

        return new QueryNeighbours(Beside("<", "DESC"), Beside(">", "ASC"));
    }

    public static long Count(SqliteConnection connection, IReadOnlyCollection<TraceId> traces)
    {
        using var statement = new Connections.Statement(
            connection,
            """
            SELECT (SELECT count(*) FROM query q WHERE q.trace = t.no)
              + (SELECT count(*) FROM event_stream s WHERE s.trace = t.no AND s.inside = 0 AND s.operation IS NOT NULL)
            FROM trace t WHERE t.trace_id = ?1
            """
        );
        return traces.Sum(trace => statement.Bind(1, trace.ToBytes()).RunScalar() ?? 0);
    }

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
