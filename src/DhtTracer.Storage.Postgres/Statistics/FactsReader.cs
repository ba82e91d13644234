using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.Queries;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Statistics;
using DhtTracer.Traces.Model;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Statistics;

/// <summary>Reads what statistics need from typed columns, without decoding traces.</summary>
internal sealed class FactsReader(StringTables strings)
{
    private const int OperationsAtOnce = 500;

    /// <summary>The facts of the operations that match a filter, latest first.</summary>
    public IReadOnlyList<OperationFacts> Operations(
        NpgsqlConnection connection,
        QueryFilter filter,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var where = new ListFilter(connection, strings, ListTable.Operations, filter);
        where.Parameters.Add("limit", limit);
        return Facts(
            connection.Query<OperationFactsRow>(
                $"""
                SELECT {OperationFactsRow.Columns} {where.From} JOIN trace t ON t.hash = q.hash AND t.no = q.trace
                WHERE true {where.Conditions} ORDER BY q.start_ns DESC, q.no DESC LIMIT @limit
                """,
                where.Parameters,
                buffered: false
            ),
            cancellationToken
        );
    }

    /// <summary>The facts of the operations with these numbers, in this order.</summary>
    public IReadOnlyList<OperationFacts> Operations(
        NpgsqlConnection connection,
        IReadOnlyList<long> numbers,
        CancellationToken cancellationToken
    ) =>
        Facts(
            connection.Query<OperationFactsRow>(
                $"""
                SELECT {OperationFactsRow.Columns}
                FROM unnest(@numbers) WITH ORDINALITY AS w(no, place) JOIN dht_operation q ON q.no = w.no
                JOIN trace t ON t.hash = q.hash AND t.no = q.trace ORDER BY w.place
                """,
                new { numbers = numbers.ToArray() }
            ),
            cancellationToken
        );

    /// <summary>Reads the facts of the peers of each query, operation by operation.</summary>
    /// <param name="connection">The connection to read from.</param>
    /// <param name="filter">Selects operations.</param>
    /// <param name="only">Only this peer; null for all.</param>
    /// <param name="limit">Maximum number of operations; the latest are read.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public PeerFactsList Peers(
        NpgsqlConnection connection,
        QueryFilter filter,
        string? only,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var onlyNumber = only is null ? null : strings.Peers.Find(only);
        if (only is not null && onlyNumber is null)
        {
            return new PeerFactsList([], 0);
        }

        var where = new ListFilter(connection, strings, ListTable.Operations, filter);
        where.Parameters.Add("limit", limit);
        var operations = connection
            .Query<(long No, byte[] Trace, byte[] Span)>(
                $"""
                SELECT q.no, t.trace_id, q.span_id {where.From} JOIN trace t ON t.hash = q.hash AND t.no = q.trace
                WHERE true {where.Conditions} ORDER BY q.start_ns DESC, q.no DESC LIMIT @limit
                """,
                where.Parameters
            )
            .AsList();
        var facts = new List<PeerFacts>();
        foreach (var some in operations.Chunk(OperationsAtOnce))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var queries = connection
                .Query<(long Operation, byte[] Span, long Start, byte[] Peers)>(
                    "SELECT operation, span_id, start_ns, peers FROM query WHERE operation = ANY(@numbers) AND skipped = 0 ORDER BY no",
                    new { numbers = some.Select(static operation => operation.No).ToArray() }
                )
                .ToLookup(static query => query.Operation);
            foreach (var (no, trace, span) in some)
            {
                var operationId = new QueryId(TraceId.FromBytes(trace), SpanId.FromBytes(span));
                foreach (var query in queries[no])
                {
                    var id = new QueryId(operationId.TraceId, SpanId.FromBytes(query.Span));
                    Add(facts, operationId, id, (ulong)query.Start, query.Peers, onlyNumber);
                }
            }
        }

        return new PeerFactsList(facts, operations.Count);
    }

    private void Add(List<PeerFacts> facts, QueryId operationId, QueryId id, ulong start, byte[] packed, long? only)
    {
        var peers = new List<PackedPeer>();
        PackedPeers.Read(packed, peers);
        foreach (var peer in peers.Where(peer => only is null || peer.Peer == only))
        {
            facts.Add(
                peer.ToFacts(operationId, id, start, strings.Peers.Get, strings.Texts.Get, list => [.. strings.Texts.Get(list).Split('\n')])
            );
        }
    }

    private List<OperationFacts> Facts(IEnumerable<OperationFactsRow> rows, CancellationToken cancellationToken)
    {
        var facts = new List<OperationFacts>();
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            facts.Add(row.ToFacts(strings.Texts.Get));
        }

        return facts;
    }
}
