using System.Text;
using Dapper;
using DhtTracer.Analysis.Network;
using DhtTracer.Storage.Network;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Queries;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Network;

/// <summary>Reads what lookups show of the network from their packed column, latest first.</summary>
internal static class NetworkReader
{
    /// <summary>Adds up the latest operations that match a filter.</summary>
    public static NetworkLookups Read(SqliteConnection connection, QueryFilter filter, int limit, CancellationToken cancellationToken)
    {
        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        using var peers = new NumberedStrings(connection, "SELECT id FROM peer WHERE no = ?1", PeerTable.Read);
        var rows = new List<(long Start, byte[] Trace, byte[] Packed)>();
        foreach (var source in QueryList.Sources(ListTable.Operations, filter))
        {
            var parameters = new DynamicParameters();
            var sql = new StringBuilder(
                $"SELECT q.start_ns, t.trace_id, q.network {source} JOIN trace t ON t.no = q.trace WHERE q.network IS NOT NULL"
            );
            QueryList.Where(connection, ListTable.Operations, sql, parameters, filter, indexedByBackground: false);
            sql.Append(" ORDER BY q.start_ns DESC LIMIT @limit");
            parameters.Add("limit", limit + 1);
            using var reader = connection.ExecuteReader(sql.ToString(), parameters);
            while (reader.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
                rows.Add((reader.GetInt64(0), (byte[])reader[1], (byte[])reader[2]));
            }
        }

        // A peer's operations are in two tables.
        rows.Sort(static (x, y) => y.Start.CompareTo(x.Start));
        var tally = new NetworkTally();
        foreach (var (start, trace, packed) in rows.Take(limit))
        {
            cancellationToken.ThrowIfCancellationRequested();
            PackedNetwork.Read(packed, TraceId.FromBytes(trace), (ulong)start, peers, texts, tally);
        }

        return new NetworkLookups(tally, rows.Count > limit);
    }
}
