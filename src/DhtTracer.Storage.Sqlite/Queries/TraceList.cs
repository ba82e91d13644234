using System.Globalization;
using System.Text;
using Dapper;
using DhtTracer.Storage.Export;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Queries;

/// <summary>The traces of the operations that match a filter, in order of arrival.</summary>
internal static class TraceList
{
    /// <summary>Reads traces with a number greater than <paramref name="after"/>, by number, each once.</summary>
    public static IReadOnlyList<NumberedTrace> Read(SqliteConnection connection, QueryFilter filter, long after, int limit)
    {
        var found = new List<NumberedTrace>();
        foreach (var (sql, parameters) in Selects(connection, filter, after, limit))
        {
            found.AddRange(
                connection.Query<(long No, byte[] Id)>(sql, parameters).Select(row => new NumberedTrace(row.No, TraceId.FromBytes(row.Id)))
            );
        }

        // A peer's operations are in two tables, and one trace may have some in both.
        return filter.Peer is null
            ? found
            : [.. found.DistinctBy(static trace => trace.Number).OrderBy(static trace => trace.Number).Take(limit)];
    }

    /// <summary>The statements for one page. The caller merges their rows.</summary>
    public static IEnumerable<(string Sql, DynamicParameters Parameters)> Selects(
        SqliteConnection connection,
        QueryFilter filter,
        long after,
        int limit
    )
    {
        foreach (var from in QueryList.Sources(ListTable.Operations, filter))
        {
            var parameters = new DynamicParameters();
            var sql = new StringBuilder("SELECT DISTINCT q.trace AS No, t.trace_id AS Id ")
                .Append(from)
                .Append(" JOIN trace t ON t.no = q.trace WHERE 1 = 1");
            QueryList.Where(connection, ListTable.Operations, sql, parameters, filter);
            sql.Append(CultureInfo.InvariantCulture, $" AND q.trace > @after ORDER BY q.trace LIMIT @limit");
            parameters.Add("after", after);
            parameters.Add("limit", limit);
            yield return (sql.ToString(), parameters);
        }
    }
}
