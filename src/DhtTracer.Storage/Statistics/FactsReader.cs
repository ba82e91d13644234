using System.Collections.Immutable;
using System.Text;
using Dapper;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Traces;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage;

/// <summary>Reads what statistics need from typed columns; no trace is decoded.</summary>
internal static class FactsReader
{
    public static IReadOnlyList<QueryFacts> Queries(SqliteConnection connection, QueryFilter filter, int limit, CancellationToken cancellationToken)
    {
        using var texts = new TextReader(connection, "SELECT value FROM text WHERE no = ?1", TextReader.Text);
        var facts = new List<QueryFacts>();

        // Most queries of an archive count the same few things equally often.
        var items = new Dictionary<(long Text, long Count), NamedCount>();
        NamedCount Item(long text, long count) =>
            items.TryGetValue((text, count), out var item) ? item : items[(text, count)] = new NamedCount(texts.Get(text), count);

        foreach (var row in Rows<QueryFactsRow>(connection, QueryFactsRow.Columns, "", filter, limit))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (errors, agents) = PackedTally.Read(row.Tally, Item);
            facts.Add(new QueryFacts
            {
                Id = new QueryId(TraceId.FromBytes(row.TraceId), SpanId.FromBytes(row.SpanId)),
                StartUnixNano = (ulong)row.StartNs,
                Type = (QueryType)row.Type,
                Outcome = (QueryOutcome)row.Outcome,
                ErrorClass = row.ErrorClass is { } error ? texts.Get(error) : null,
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
            });
        }

        return facts;
    }

    /// <summary>Facts of the peers of each query, query by query.</summary>
    /// <param name="connection">Where from.</param>
    /// <param name="filter">Which queries.</param>
    /// <param name="only">Only this peer; null for all.</param>
    /// <param name="limit">Queries at most, the latest ones.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static PeerFactsList Peers(
        SqliteConnection connection, QueryFilter filter, string? only, int limit, CancellationToken cancellationToken)
    {
        long? onlyNumber = null;
        if (only is not null)
        {
            onlyNumber = PeerTable.Find(connection, only);
            if (onlyNumber is null)
            {
                return new PeerFactsList([], 0, false);
            }
        }

        using var texts = new TextReader(connection, "SELECT value FROM text WHERE no = ?1", TextReader.Text);
        using var peers = new TextReader(connection, "SELECT id FROM peer WHERE no = ?1", PeerTable.Read);
        var addresses = new Dictionary<long, ImmutableArray<string>>();
        var facts = new List<PeerFacts>();
        var packed = new List<PackedPeer>();
        var queries = 0;
        const string Columns = "t.trace_id AS TraceId, q.span_id AS SpanId, q.start_ns AS StartNs, x.data AS Data";
        foreach (var row in Rows<PeerFactsRow>(connection, Columns, "JOIN query_peers x ON x.query = q.no", filter, limit + 1))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (queries == limit)
            {
                return new PeerFactsList(facts, queries, true);
            }

            queries++;
            packed.Clear();
            PackedPeers.Read(row.Data, packed);
            var id = new QueryId(TraceId.FromBytes(row.TraceId), SpanId.FromBytes(row.SpanId));
            foreach (var peer in packed)
            {
                if (onlyNumber is not null && peer.Peer != onlyNumber)
                {
                    continue;
                }

                facts.Add(new PeerFacts
                {
                    QueryId = id,
                    QueryStartUnixNano = (ulong)row.StartNs,
                    PeerId = peers.Get(peer.Peer),
                    State = peer.State,
                    Requests = peer.Requests,
                    Errors = peer.Errors.IsEmpty ? [] : [.. peer.Errors.Select(texts.Get)],
                    RequestNs = peer.RequestNs,
                    DialNs = peer.DialNs,
                    Reused = peer.Reused,
                    NamedBy = peer.NamedBy,
                    Agent = peer.Agent is { } agent ? texts.Get(agent) : null,
                    Addresses = peer.Addresses is { } list ? Addresses(list) : [],
                });
            }
        }

        return new PeerFactsList(facts, queries, false);

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

    /// <summary>The rows of a filter, latest first.</summary>
    internal static IEnumerable<T> Rows<T>(SqliteConnection connection, string columns, string join, QueryFilter filter, int limit)
    {
        var parameters = new DynamicParameters();
        parameters.Add("limit", limit);
        var parts = QueryList.Sources(filter).Select(source =>
        {
            var sql = new StringBuilder($"SELECT {columns} {source} JOIN trace t ON t.no = q.trace {join} WHERE 1 = 1");
            QueryList.Where(connection, sql, parameters, filter);
            return sql.Append(filter.Peer is null ? " ORDER BY q.start_ns DESC LIMIT @limit" : " ORDER BY p.start_ns DESC LIMIT @limit").ToString();
        }).ToList();
        var all = parts.Count == 1
            ? parts[0]
            : string.Join(" UNION ALL ", parts.Select(static part => $"SELECT * FROM ({part})")) + " ORDER BY StartNs DESC LIMIT @limit";
        return connection.Query<T>(all, parameters, buffered: false);
    }

    private sealed class QueryFactsRow
    {
        public const string Columns = """
            t.trace_id AS TraceId, q.span_id AS SpanId, q.start_ns AS StartNs, q.type, q.outcome, q.error_class AS ErrorClass,
            q.duration_ns AS DurationNs, q.first_result_ns AS FirstResultNs, q.discovery_ns AS DiscoveryNs, q.hops, q.queried, q.dialed,
            q.dial_failed AS DialFailed, q.reused, q.duplicates, q.tally
            """;

        public byte[] TraceId { get; init; } = [];

        public byte[] SpanId { get; init; } = [];

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
    }

    private sealed class PeerFactsRow
    {
        public byte[] TraceId { get; init; } = [];

        public byte[] SpanId { get; init; } = [];

        public long StartNs { get; init; }

        public byte[] Data { get; init; } = [];
    }
}
