using System.Text;
using Dapper;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Queries;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Records;

/// <summary>Counts what became of providers, from packed columns.</summary>
internal static class FateReader
{
    /// <summary>Counts over the operations that match a filter.</summary>
    public static ProviderFateTally Count(SqliteConnection connection, QueryFilter filter, CancellationToken cancellationToken)
    {
        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        var sum = new PackedFates.Sum();
        var parameters = new DynamicParameters();
        foreach (var source in QueryList.Sources(ListTable.Operations, filter))
        {
            var sql = new StringBuilder($"SELECT q.fates {source} WHERE q.fates IS NOT NULL");
            QueryList.Where(connection, ListTable.Operations, sql, parameters, filter);
            using var reader = connection.ExecuteReader(sql.ToString(), parameters);
            while (reader.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
                sum.Add((byte[])reader[0]);
            }
        }

        return sum.ToTally(texts);
    }
}
