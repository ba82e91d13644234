using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage.Operations;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
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
                        $"SELECT {OperationRow.Columns} FROM dht_operation q {RowJoins.Operations} WHERE "
                            + "t.trace_id = @trace AND q.span_id = @span",
                        new { trace = id.TraceId.ToBytes(), span = id.SpanId.ToBytes() }
                    )
                )
                .Select(row => WithQueries(connection, row)),
        ];

    private static ListedOperation WithQueries(SqliteConnection connection, OperationRow row) =>
        row.ToListed(
            connection
                .Query<QueryRow>(
                    $"SELECT {QueryRow.Columns} FROM query q {RowJoins.Queries} WHERE q.operation = @no "
                        + "ORDER BY q.start_ns, q.span_id",
                    new { no = row.No }
                )
                .Select(static query => query.ToSummary())
        );
}
