using Dapper;
using DhtTracer.Analysis;
using DhtTracer.Traces;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage;

/// <summary>Finds single queries.</summary>
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

        byte[] spanFrom = new byte[8], spanTo = [.. Enumerable.Repeat((byte)0xFF, 8)];
        if (dash >= 0 && dash + 1 < prefix.Length && !TryRange(prefix[(dash + 1)..], 8, out spanFrom, out spanTo))
        {
            return [];
        }

        return connection.Query<(byte[] Trace, byte[] Span)>(
            """
            SELECT t.trace_id, q.span_id FROM trace t JOIN query q ON q.trace = t.no
            WHERE t.trace_id BETWEEN @from AND @to AND q.span_id BETWEEN @spanFrom AND @spanTo
            ORDER BY t.trace_id, q.span_id LIMIT @limit
            """,
            new { from, to, spanFrom, spanTo, limit }).Select(Id).ToList();
    }

    public static IReadOnlyList<QuerySummary> Summaries(SqliteConnection connection, IReadOnlyCollection<QueryId> ids) =>
        [.. ids.SelectMany(id => connection.Query<QueryRow>(
            $"SELECT {QueryRow.Columns} FROM query q {QueryRow.Joins} WHERE t.trace_id = @trace AND q.span_id = @span",
            new { trace = id.TraceId.ToBytes(), span = id.SpanId.ToBytes() })).Select(static row => row.ToSummary())];

    public static QueryNeighbours Neighbours(SqliteConnection connection, QueryId id)
    {
        QueryId? Beside(string compare, string order) => connection.Query<(byte[] Trace, byte[] Span)>(
            $"""
            SELECT t2.trace_id, q2.span_id
            FROM trace t JOIN query q ON q.trace = t.no
            JOIN query q2 ON q2.key_bytes = q.key_bytes AND (q2.start_ns, q2.no) {compare} (q.start_ns, q.no)
            JOIN trace t2 ON t2.no = q2.trace
            WHERE t.trace_id = @trace AND q.span_id = @span
            ORDER BY q2.start_ns {order}, q2.no {order} LIMIT 1
            """,
            new { trace = id.TraceId.ToBytes(), span = id.SpanId.ToBytes() }).Select(row => (QueryId?)Id(row)).FirstOrDefault();

        return new QueryNeighbours(Beside("<", "DESC"), Beside(">", "ASC"));
    }

    public static long Count(SqliteConnection connection, IReadOnlyCollection<TraceId> traces)
    {
        using var statement = new Sqlite.Statement(
            connection, "SELECT count(*) FROM query WHERE trace = (SELECT no FROM trace WHERE trace_id = ?1)");
        return traces.Sum(trace => statement.Bind(1, trace.ToBytes()).RunScalar() ?? 0);
    }

    private static QueryId Id((byte[] Trace, byte[] Span) row) => new(TraceId.FromBytes(row.Trace), SpanId.FromBytes(row.Span));

    /// <summary>The smallest and the greatest id that begin with these digits.</summary>
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
