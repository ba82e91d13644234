using Dapper;
using DhtTracer.Analysis.Network;
using DhtTracer.Storage.Network;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.Queries;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Traces.Model;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Network;

/// <summary>Reads what lookups show of the network from their packed column, latest first.</summary>
internal static class NetworkReader
{
    /// <summary>Adds up the latest operations that match a filter.</summary>
    public static NetworkLookups Read(
        NpgsqlConnection connection,
        StringTables strings,
        QueryFilter filter,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var where = new ListFilter(connection, strings, ListTable.Operations, filter);
        where.Parameters.Add("limit", limit + 1);
        var tally = new NetworkTally();
        var count = 0;
        foreach (
            var row in connection.Query<Row>(
                $"""
                SELECT q.start_ns AS Start, t.trace_id AS Trace, q.network AS Packed {where.From}
                JOIN trace t ON t.hash = q.hash AND t.no = q.trace
                WHERE q.network IS NOT NULL {where.Conditions} ORDER BY q.start_ns DESC LIMIT @limit
                """,
                where.Parameters,
                buffered: false
            )
        )
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (++count > limit)
            {
                break;
            }

            PackedNetwork.Read(row.Packed, TraceId.FromBytes(row.Trace), (ulong)row.Start, strings.Peers, strings.Texts, tally);
        }

        return new NetworkLookups(tally, count > limit);
    }

    private sealed class Row
    {
        public long Start { get; init; }

        public byte[] Trace { get; init; } = [];

        public byte[] Packed { get; init; } = [];
    }
}
