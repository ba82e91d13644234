using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Operations;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Sqlite.Queries;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Operations;

/// <summary>Reads operations with their queries.</summary>
internal static class OperationReader
{
    public static OperationPage Page(SqliteConnection connection, QueryFilter filter, QuerySort sort, string? cursor, int limit)
    {
        var (rows, next, previous) = QueryList.Read<OperationRow>(connection, filter, sort, cursor, limit);
        return new OperationPage([.. rows.Select(row => WithQueries(connection, row))], next, previous);
    }

    public static IReadOnlyList<ListedOperation> ByIds(SqliteConnection connection, IReadOnlyCollection<QueryId> ids) =>
        [
            .. ids.SelectMany(id =>
                    connection.Query<OperationRow>(
                        $"SELECT {OperationRow.Columns} FROM dht_operation q {OperationRow.Joins} WHERE t.trace_id = @trace AND "
                            + "q.span_id = @span",
                        new { trace = id.TraceId.ToBytes(), span = id.SpanId.ToBytes() }
                    )
                )
                .Select(row => WithQueries(connection, row)),
        ];

    /// <summary>Counts the operations that match a filter, up to a limit.</summary>
    public static long Count(SqliteConnection connection, QueryFilter filter, long limit)
    {
        var count = 0L;
        foreach (var source in QueryList.Sources(ListTable.Operations, filter))
        {
            var parameters = new DynamicParameters();
            var sql = new System.Text.StringBuilder($"SELECT count(*) FROM (SELECT 1 {source} WHERE 1 = 1");
            QueryList.Where(connection, ListTable.Operations, sql, parameters, filter);
            sql.Append(" LIMIT @limit)");
            parameters.Add("limit", limit);
            count += connection.ExecuteScalar<long>(sql.ToString(), parameters);
        }

        return Math.Min(count, limit);
    }

    private static ListedOperation WithQueries(SqliteConnection connection, OperationRow row) =>
        row.ToListed(
            connection
                .Query<QueryRow>(
                    $"SELECT {QueryRow.Columns} FROM query q {QueryRow.Joins} WHERE q.operation = @no ORDER BY q.start_ns, q.span_id",
                    new { no = row.No }
                )
                .Select(static query => query.ToSummary())
        );
}
