using System.Text;
using Dapper;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Queries;

/// <summary>Counts the rows added after a page was made. Reads only these rows, whatever the size of the archive.</summary>
internal static class NewerRows
{
    /// <summary>The greatest number that a row ever had. Numbers only increase.</summary>
    public static long LastNumber(SqliteConnection connection, ListTable table) =>
        connection.ExecuteScalar<long?>("SELECT seq FROM sqlite_sequence WHERE name = @name", new { name = QueryList.NameOf(table) }) ?? 0;

    public static int Count(SqliteConnection connection, ListTable table, QueryFilter filter, long after, int limit)
    {
        var count = 0;
        foreach (var (sql, parameters) in Selects(connection, table, filter, after, limit))
        {
            count += connection.ExecuteScalar<int>(sql, parameters);
        }

        return Math.Min(count, limit);
    }

    /// <summary>The statements whose counts add up.</summary>
    public static IEnumerable<(string Sql, DynamicParameters Parameters)> Selects(
        SqliteConnection connection,
        ListTable table,
        QueryFilter filter,
        long after,
        int limit
    )
    {
        foreach (var source in QueryList.Sources(table, filter))
        {
            var parameters = new DynamicParameters();

            // NOT INDEXED forces the primary key. Any other index would scan all old rows.
            var from = filter.Peer is null ? source + " NOT INDEXED" : source;
            var sql = new StringBuilder($"SELECT count(*) FROM (SELECT 1 {from} WHERE q.no > @after");
            parameters.Add("after", after);
            QueryList.Where(connection, table, sql, parameters, filter);
            sql.Append(" LIMIT @limit)");
            parameters.Add("limit", limit);
            yield return (sql.ToString(), parameters);
        }
    }
}
