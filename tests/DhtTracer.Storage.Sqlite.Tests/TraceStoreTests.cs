using Dapper;
using DhtTracer.Storage.Contract;

namespace DhtTracer.Storage.Sqlite.Tests;

public sealed class TraceStoreTests : TraceStoreContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new SqliteArchive();

    [Fact]
    public async Task Late_spans_are_stored_beside_the_earlier_ones_which_are_not_written_again()
    {
        await using var store = (SqliteTraceStore)await OpenAsync();
        var trace = Make.Trace(1);
        var spans = Enumerable.Range(1, 6).Select(number => Make.Span(trace, number)).ToArray();
        await store.AppendAsync([Make.Chunk(spans[..2])]);
        await Make.AnalyseAsync(store, trace);
        await store.WriteAsync(
            session => session.Connection.Execute("CREATE TRIGGER keep BEFORE INSERT ON trace_blob BEGIN SELECT RAISE(ABORT, 'no'); END"),
            0,
            default
        );
        await store.AppendAsync([Make.Chunk(spans[2..4])]);
        await Make.AnalyseAsync(store, trace);
        await store.AppendAsync([Make.Chunk(spans[4..])]);
        await Make.AnalyseAsync(store, trace);

        // Nothing new, so nothing is written.
        await Make.AnalyseAsync(store, trace);

        Assert.Equal(spans, await store.GetTraceAsync(trace));
        Assert.Equal(6, (await store.CountsAsync()).Spans);
        Assert.Equal(2, await store.ReadAsync(connection => connection.ExecuteScalar<int>("SELECT count(*) FROM trace_segment")));
    }
}
