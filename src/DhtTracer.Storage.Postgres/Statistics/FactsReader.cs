using System.Collections.Immutable;
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
                new PeerFacts
                {
                    QueryId = id,
                    OperationId = operationId,
                    QueryStartUnixNano = start,
                    PeerId = strings.Peers.Get(peer.Peer),
                    State = peer.State,
                    Requests = peer.Requests,
                    Errors = peer.Errors.IsEmpty ? [] : [.. peer.Errors.Select(strings.Texts.Get)],
                    RequestNs = peer.RequestNs,
                    DialNs = peer.DialNs,
                    FailedNs = peer.FailedNs,
                    TimeLostNs = peer.TimeLostNs,
                    Reused = peer.Reused,
                    NamedBy = peer.NamedBy,
                    Agent = peer.Agent is { } agent ? strings.Texts.Get(agent) : null,
                    Addresses = peer.Addresses is { } list ? [.. strings.Texts.Get(list).Split('\n')] : ImmutableArray<string>.Empty,
                }
            );
        }
    }

    private List<OperationFacts> Facts(IEnumerable<OperationFactsRow> rows, CancellationToken cancellationToken)
    {
        var facts = new List<OperationFacts>();
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (errors, agents) = PackedTally.Read(row.Tally, (text, count) => new NamedCount(strings.Texts.Get(text), count));
            facts.Add(
                new OperationFacts
                {
                    Id = new QueryId(TraceId.FromBytes(row.TraceId), SpanId.FromBytes(row.SpanId)),
                    Decisive = row.Decisive is { } decisive
                        ? new QueryId(TraceId.FromBytes(row.TraceId), SpanId.FromBytes(decisive))
                        : null,
                    StartUnixNano = (ulong)row.StartNs,
                    Type = (QueryType)row.Type,
                    Outcome = (QueryOutcome)row.Outcome,
                    ErrorClass = row.ErrorClass is { } error ? strings.Texts.Get(error) : null,
                    DurationNs = row.DurationNs,
                    FirstResultNs = row.FirstResultNs,
                    DiscoveryNs = row.DiscoveryNs,
                    Hops = row.Hops,
                    Queried = row.Queried,
                    Dialed = row.Dialed,
                    DialFailed = row.DialFailed,
                    Reused = row.Reused,
                    Duplicates = row.Duplicates,
                    PeerErrors = errors,
                    Agents = agents,
                    Phases = PackedPhases.Read(row.Phases),
                    LintMask = row.LintMask,
                }
            );
        }

        return facts;
    }

    private sealed class OperationFactsRow
    {
        public const string Columns = """
            t.trace_id AS TraceId, q.span_id AS SpanId, q.decisive, q.start_ns AS StartNs, q.type, q.outcome, q.error_class AS ErrorClass,
            q.duration_ns AS DurationNs, q.first_result_ns AS FirstResultNs, q.discovery_ns AS DiscoveryNs, q.hops, q.queried, q.dialed,
            q.dial_failed AS DialFailed, q.reused, q.duplicates, q.tally, q.phases, q.lint AS LintMask
            """;

        public byte[] TraceId { get; init; } = [];

        public byte[] SpanId { get; init; } = [];

        public byte[]? Decisive { get; init; }

        public long StartNs { get; init; }

        public int Type { get; init; }

        public int Outcome { get; init; }

        public long? ErrorClass { get; init; }

        public long? DurationNs { get; init; }

        public long? FirstResultNs { get; init; }

        public long? DiscoveryNs { get; init; }

        public int? Hops { get; init; }

        public int? Queried { get; init; }

        public int? Dialed { get; init; }

        public int? DialFailed { get; init; }

        public int? Reused { get; init; }

        public int? Duplicates { get; init; }

        public byte[]? Tally { get; init; }

        public byte[]? Phases { get; init; }

        public long? LintMask { get; init; }
    }
}
