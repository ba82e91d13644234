using System.Collections.Immutable;
using System.Text;
using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Queries;
using DhtTracer.Storage.Statistics;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Statistics;

/// <summary>Reads what statistics need from typed columns, without decoding traces.</summary>
internal static class FactsReader
{
    /// <summary>The facts of the operations that match a filter, latest first.</summary>
    public static IReadOnlyList<OperationFacts> Operations(
        SqliteConnection connection,
        QueryFilter filter,
        int limit,
        CancellationToken cancellationToken
    ) => Facts(connection, Rows<OperationFactsRow>(connection, OperationFactsRow.Columns, filter, limit), cancellationToken);

    /// <summary>The facts of the operations with these numbers, in this order.</summary>
    public static IReadOnlyList<OperationFacts> Operations(
        SqliteConnection connection,
        IReadOnlyList<long> numbers,
        CancellationToken cancellationToken
    ) =>
        Facts(
            connection,
            numbers.SelectMany(number =>
                connection.Query<OperationFactsRow>(
                    $"SELECT {OperationFactsRow.Columns} FROM dht_operation q JOIN trace t ON t.no = q.trace WHERE q.no = @number",
                    new { number }
                )
            ),
            cancellationToken
        );

    /// <summary>Reads the facts of the peers of each query, operation by operation.</summary>
    /// <param name="connection">The connection to read from.</param>
    /// <param name="filter">Selects operations.</param>
    /// <param name="only">Only this peer; null for all.</param>
    /// <param name="limit">Maximum number of operations; the latest are read.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public static PeerFactsList Peers(
        SqliteConnection connection,
        QueryFilter filter,
        string? only,
        int limit,
        CancellationToken cancellationToken
    )
    {
        long? onlyNumber = null;
        if (only is not null)
        {
            onlyNumber = PeerTable.Find(connection, only);
            if (onlyNumber is null)
            {
                return new PeerFactsList([], 0);
            }
        }

        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        using var peers = new NumberedStrings(connection, "SELECT id FROM peer WHERE no = ?1", PeerTable.Read);
        var addresses = new Dictionary<long, ImmutableArray<string>>();
        var facts = new List<PeerFacts>();
        var packed = new List<PackedPeer>();
        var operations = 0;
        using var queries = new Statement(
            connection,
            "SELECT q.span_id, q.start_ns, p.data FROM query q JOIN query_peers p ON p.query = q.no WHERE q.operation = ?1 AND "
                + "q.skipped = 0 ORDER BY q.no"
        );
        foreach (
            var row in Rows<PeerFactsRow>(
                connection,
                "q.no AS No, t.trace_id AS TraceId, q.span_id AS SpanId, q.start_ns AS StartNs",
                filter,
                limit
            )
        )
        {
            cancellationToken.ThrowIfCancellationRequested();
            operations++;
            var operationId = new QueryId(TraceId.FromBytes(row.TraceId), SpanId.FromBytes(row.SpanId));
            queries.Bind(1, row.No);
            while (queries.Step())
            {
                packed.Clear();
                PackedPeers.Read(queries.GetBlob(2), packed);
                Add(operationId, new QueryId(operationId.TraceId, SpanId.FromBytes(queries.GetBlob(0))), (ulong)queries.GetInt64(1));
            }

            queries.Reset();
        }

        return new PeerFactsList(facts, operations);

        void Add(QueryId operationId, QueryId id, ulong start)
        {
            foreach (var peer in packed)
            {
                if (onlyNumber is not null && peer.Peer != onlyNumber)
                {
                    continue;
                }

                facts.Add(peer.ToFacts(operationId, id, start, peers.Get, texts.Get, Addresses));
            }
        }

        ImmutableArray<string> Addresses(long list)
        {
            if (!addresses.TryGetValue(list, out var split))
            {
                split = [.. texts.Get(list).Split('\n')];
                addresses.Add(list, split);
            }

            return split;
        }
    }

    private static List<OperationFacts> Facts(
        SqliteConnection connection,
        IEnumerable<OperationFactsRow> rows,
        CancellationToken cancellationToken
    )
    {
        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        var facts = new List<OperationFacts>();
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            facts.Add(row.ToFacts(texts.Get));
        }

        return facts;
    }

    /// <summary>The operations that match a filter, latest first.</summary>
    private static IEnumerable<T> Rows<T>(SqliteConnection connection, string columns, QueryFilter filter, int limit)
    {
        var parameters = new DynamicParameters();
        parameters.Add("limit", limit);
        var parts = QueryList
            .Sources(ListTable.Operations, filter)
            .Select(source =>
            {
                var sql = new StringBuilder($"SELECT {columns} {source} JOIN trace t ON t.no = q.trace WHERE 1 = 1");
                QueryList.Where(connection, ListTable.Operations, sql, parameters, filter);
                return sql.Append(filter.Peer is null ? " ORDER BY q.start_ns DESC LIMIT @limit" : " ORDER BY p.start_ns DESC LIMIT @limit")
                    .ToString();
            })
            .ToList();
        var all =
            parts.Count == 1
                ? parts[0]
                : string.Join(" UNION ALL ", parts.Select(static part => $"SELECT * FROM ({part})"))
                    + " ORDER BY StartNs DESC LIMIT @limit";
        return connection.Query<T>(all, parameters, buffered: false);
    }

    private sealed class PeerFactsRow
    {
        public byte[] TraceId { get; init; } = [];

        public byte[] SpanId { get; init; } = [];

        public long No { get; init; }

        public long StartNs { get; init; }
    }
}
