using System.Text;
using Dapper;
using DhtTracer.Storage.Services;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Services;

/// <summary>Reads services, their operations and their traces.</summary>
internal static class ServiceIndex
{
    public static IReadOnlyList<string> Services(SqliteConnection connection) =>
        connection
            .Query<string>(
                """
                SELECT DISTINCT service FROM operation o
                WHERE service <> '' AND EXISTS (SELECT 1 FROM trace_operation x WHERE x.operation = o.no)
                ORDER BY service
                """
            )
            .AsList();

    public static IReadOnlyList<ServiceOperation> Operations(SqliteConnection connection, string service) =>
        connection
            .Query<(string Name, long Kind)>(
                """
                SELECT name, kind FROM operation o
                WHERE service = @service AND EXISTS (SELECT 1 FROM trace_operation x WHERE x.operation = o.no)
                ORDER BY name, kind
                """,
                new { service }
            )
            .Select(row => new ServiceOperation(row.Name, (SpanKind)row.Kind))
            .ToList();

    public static IReadOnlyList<TraceId> Find(SqliteConnection connection, TraceSearch search)
    {
        // A trace is sorted by its newest matching operation, so each operation's index is read from its newest end.
        var sql = new StringBuilder(
            "SELECT t.trace_id FROM (SELECT x.trace, max(x.last_start_ns) AS newest FROM trace_operation x WHERE 1 = 1"
        );
        var parameters = new DynamicParameters();
        void And(string condition, string name, object? value)
        {
            if (value is not null)
            {
                sql.Append(" AND ").Append(condition);
                parameters.Add(name, value);
            }
        }

        if (search.Service is not null || search.Operation is not null)
        {
            sql.Append(" AND x.operation IN (SELECT o.no FROM operation o WHERE 1 = 1");
            And("o.service = @service", "service", search.Service);
            And("o.name = @operation", "operation", search.Operation);
            sql.Append(')');
        }

        And("x.last_start_ns >= @from", "from", search.FromUnixNano is { } from ? Nanoseconds.ToColumn(from) : null);
        And("x.first_start_ns <= @to", "to", search.ToUnixNano is { } to ? Nanoseconds.ToColumn(to) : null);
        And("x.max_duration_ns >= @minDuration", "minDuration", search.MinDurationNs);
        And("x.min_duration_ns <= @maxDuration", "maxDuration", search.MaxDurationNs);
        sql.Append(
            " GROUP BY x.trace ORDER BY newest DESC, x.trace DESC LIMIT @limit) f JOIN trace t ON t.no = f.trace ORDER BY f.newest "
                + "DESC, f.trace DESC"
        );
        parameters.Add("limit", search.Limit);
        return connection.Query<byte[]>(sql.ToString(), parameters, buffered: false).Select(id => TraceId.FromBytes(id)).ToList();
    }
}
