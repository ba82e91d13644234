using Dapper;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Sqlite.Parts;
using DhtTracer.Storage.Sqlite.Queries;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.Tests.Queries;

/// <summary>No list reads the whole table or sorts it: its time must not grow with the archive.</summary>
public sealed class QueryPlanTests : IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    public static TheoryData<string, QueryFilter, QuerySort> Lists()
    {
        var lists = new TheoryData<string, QueryFilter, QuerySort>();
        foreach (
            var (index, filter) in new (string Index, QueryFilter Filter)[]
            {
                ("dht_operation_by_start", new()),
                ("dht_operation_by_any_start", new() { Background = null }),
                ("dht_operation_by_type", new() { Background = null, Type = QueryType.Ping }),
                ("dht_operation_by_outcome", new() { Background = null, Outcome = QueryOutcome.Failed }),
                ("dht_operation_by_source", new() { Background = null, Source = TraceSource.Native }),
                ("dht_operation_by_service", new() { Background = null, Service = "kubo" }),
                ("dht_operation_by_node", new() { Background = null, Node = "QmNode" }),
                ("dht_operation_by_any_start", new() { Background = null, PeerErrorClass = ErrorClass.Reset }),
                ("dht_operation_by_any_start", new() { Background = null, Agent = "kubo" }),
                ("dht_operation_by_error", new() { Background = null, ErrorClass = ErrorClass.Reset }),
                ("dht_operation_by_key", new() { Background = null, Key = new KeyFilter([new byte[] { 1 }], null) }),
                (
                    "dht_operation_by_any_start",
                    new()
                    {
                        Background = null,
                        FromUnixNano = 1,
                        ToUnixNano = 2,
                    }
                ),
            }
        )
        {
            lists.Add(index, filter, QuerySort.Newest);
            lists.Add(index, filter, QuerySort.Oldest);
        }

        foreach (var background in new bool?[] { null, false })
        {
            lists.Add("dht_operation_by_slowest", new() { Background = background }, QuerySort.Slowest);
            lists.Add("dht_operation_by_fastest", new() { Background = background }, QuerySort.Fastest);
            lists.Add("dht_operation_by_peers", new() { Background = background }, QuerySort.MostPeers);
            lists.Add("dht_operation_by_fewest_peers", new() { Background = background }, QuerySort.FewestPeers);
            lists.Add("dht_operation_by_most_hops", new() { Background = background }, QuerySort.MostHops);
            lists.Add("dht_operation_by_fewest_hops", new() { Background = background }, QuerySort.FewestHops);
            foreach (
                var (index, sorts) in new (string, QuerySort[])[]
                {
                    ("dht_operation_by_key_text", [QuerySort.Key, QuerySort.KeyBackward]),
                    ("dht_operation_by_type", [QuerySort.Type, QuerySort.TypeBackward]),
                    ("dht_operation_by_outcome", [QuerySort.Outcome, QuerySort.OutcomeBackward]),
                    ("dht_operation_by_source", [QuerySort.Source, QuerySort.SourceBackward]),
                }
            )
            {
                foreach (var sort in sorts)
                {
                    lists.Add(index, new() { Background = background }, sort);
                }
            }
        }

        lists.Add("PRIMARY KEY (peer=?", new() { Background = null, Peer = "QmPeer" }, QuerySort.Newest);
        return lists;
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task A_list_walks_an_index_in_its_order(string index, QueryFilter filter, QuerySort sort)
    {
        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        await Make.SaveAsync(
            store,
            Make.Trace(1),
            Make.Query(Make.Trace(1), new SpanId(1)) with
            {
                Key = new QueryKey("QmKey", "1220ff", new string('a', 64)),
            }
        );
        foreach (
            var (part, backward, placed) in from part in Enumerable.Range(0, QueryOrder.Of(sort, filter).Count)
            from backward in new[] { false, true }
            from placed in new[] { false, true }
            select (part, backward, placed)
        )
        {
            var plan = await store.ReadAsync(connection =>
            {
                // The second statement of a search by peer reads a table that is never large.
                var cursor = placed ? new QueryCursor(sort, backward, part, 5, 1) : (QueryCursor?)null;
                var (sql, parameters) = QueryList.Selects<OperationRow>(connection, filter, sort, part, cursor, backward, 50).First();
                return connection
                    .Query<(long, long, long, string Detail)>("EXPLAIN QUERY PLAN " + sql, parameters)
                    .Select(row => row.Detail)
                    .ToList();
            });
            Assert.Contains(plan, line => line.Contains(index, StringComparison.Ordinal));
            Assert.DoesNotContain(plan, line => line.Contains("TEMP B-TREE", StringComparison.Ordinal));
            Assert.DoesNotContain(
                plan,
                line => line.StartsWith("SCAN", StringComparison.Ordinal) && !line.Contains("USING INDEX", StringComparison.Ordinal)
            );
        }
    }

    [Fact]
    public async Task Rows_of_a_key_that_can_mean_several_are_found_by_their_numbers()
    {
        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        var filter = new QueryFilter { Key = new KeyFilter([new byte[] { 1 }, new byte[] { 2 }], "Qm"), Type = QueryType.FindPeer };
        var plan = await store.ReadAsync(connection =>
        {
            var (sql, parameters) = QueryList.Selects<OperationRow>(connection, filter, QuerySort.Newest, 0, null, false, 50).First();
            return connection
                .Query<(long, long, long, string Detail)>("EXPLAIN QUERY PLAN " + sql, parameters)
                .Select(row => row.Detail)
                .ToList();
        });

        Assert.Contains("SEARCH q USING INTEGER PRIMARY KEY (rowid=?)", plan);
    }

    [Fact]
    public async Task What_may_belong_to_a_trace_is_sought_by_the_trace()
    {
        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        var plan = await store.ReadAsync(connection =>
            connection
                .Query<(long, long, long, string Detail)>(
                    "EXPLAIN QUERY PLAN " + PartReader.UnclearAroundSql.Replace("?1", "1", StringComparison.Ordinal)
                )
                .Select(row => row.Detail)
                .ToList()
        );

        Assert.Contains("SEARCH o USING INDEX dht_operation_by_span (trace=?)", plan);
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task Counting_what_is_newer_reads_nothing_older(string index, QueryFilter filter, QuerySort sort)
    {
        Assert.True(index.Length > 0 && Enum.IsDefined(sort));
        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        var plan = await store.ReadAsync(connection =>
        {
            var (sql, parameters) = NewerRows.Selects(connection, ListTable.Operations, filter, 5, 50).First();
            return connection
                .Query<(long, long, long, string Detail)>("EXPLAIN QUERY PLAN " + sql, parameters)
                .Select(row => row.Detail)
                .ToList();
        });
        Assert.Contains(
            plan,
            line =>
                line.Contains(
                    filter.Peer is null ? "SEARCH q USING INTEGER PRIMARY KEY (rowid>?)" : "PRIMARY KEY (peer=?",
                    StringComparison.Ordinal
                )
        );
        Assert.DoesNotContain(
            plan,
            line => line.StartsWith("SCAN q", StringComparison.Ordinal) || line.StartsWith("SCAN p", StringComparison.Ordinal)
        );
    }
}
