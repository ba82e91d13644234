using Dapper;
using DhtTracer.Storage.Contract;

namespace DhtTracer.Storage.Postgres.Tests;

/// <summary>
/// The rules of Citus for distributed tables (https://docs.citusdata.com/en/stable/sharding/data_modeling.html): primary keys and unique
/// indexes contain the distribution column.
/// </summary>
public sealed class SchemaTests
{
    private const string UniqueColumns = """
        SELECT c.relname AS "Table", string_agg(a.attname, ',' ORDER BY k.place) AS Columns, bool_or(c.relkind = 'p') AS IsPartitioned
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(col, place) ON true
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.col
        WHERE c.relnamespace = current_schema()::regnamespace AND i.indisunique
          AND EXISTS (SELECT 1 FROM pg_attribute h WHERE h.attrelid = c.oid AND h.attname = 'hash')
        GROUP BY c.relname, i.indexrelid
        """;

    [Fact]
    public async Task Every_unique_index_of_a_table_of_traces_has_the_hash_and_every_partitioned_one_the_day()
    {
        await using var archive = new PostgresArchive();
        await using var store = (PostgresTraceStore)await archive.OpenAsync(Make.OneQuery, null);
        var indexes = await store.ReadAsync(static connection => connection.Query<UniqueIndex>(UniqueColumns).AsList());

        Assert.InRange(indexes.Count, 10, 100);
        Assert.All(indexes, static index => Assert.Contains("hash", index.Columns.Split(',')));
        Assert.All(indexes.Where(static index => index.IsPartitioned), static index => Assert.Contains("day", index.Columns.Split(',')));
        Assert.Equal(
            ["dependency", "dht_operation", "peer_operation", "query", "trace_operation", "trace_part"],
            indexes.Where(static index => index.IsPartitioned).Select(static index => index.Table).Distinct().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_trace_lies_in_the_partition_of_its_last_day_and_an_empty_day_is_dropped()
    {
        var clock = new Clock();
        await using var archive = new PostgresArchive();
        await using var store = (PostgresTraceStore)await archive.OpenAsync(Make.OneQuery, clock);
        await Make.SaveAsync(store, Make.Trace(1), Make.Query(Make.Trace(1), new(1)));
        clock.Now = clock.Now.AddDays(1);
        await Make.SaveAsync(store, Make.Trace(2), Make.Query(Make.Trace(2), new(1)));
        Assert.Equal(["20260101", "20260102"], await DaysAsync(store));

        Assert.Equal(1, await store.Upkeep.DeleteOlderThanAsync(clock.Now));
        Assert.Equal(["20260102"], await DaysAsync(store));

        // The day comes again when somebody needs it.
        clock.Now = clock.Now.AddDays(-1);
        await Make.SaveAsync(store, Make.Trace(3), Make.Query(Make.Trace(3), new(1)));
        Assert.Equal(["20260101", "20260102"], await DaysAsync(store));
        Assert.Equal(2, (await store.CountsAsync()).Queries);
    }

    private static Task<List<string>> DaysAsync(PostgresTraceStore store) =>
        store.ReadAsync(static connection =>
            connection
                .Query<string>(
                    """
                    SELECT right(c.relname, 8) FROM pg_class c
                    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
                      AND c.relname LIKE 'dht\_operation\_2%' ORDER BY 1
                    """
                )
                .AsList()
        );

    private sealed class UniqueIndex
    {
        public string Table { get; init; } = "";
        public string Columns { get; init; } = "";
        public bool IsPartitioned { get; init; }
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
