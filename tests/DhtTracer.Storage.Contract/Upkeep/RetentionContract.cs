using DhtTracer.Analysis.Model;
using DhtTracer.Storage.Queries;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Contract.Upkeep;

public abstract class RetentionContract : StoreContract
{
    private readonly Clock _clock = new();

    [Fact]
    public async Task A_check_of_writing_passes_and_changes_nothing()
    {
        await using var store = await OpenAsync(_clock);
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]);
        await store.Upkeep.CheckWriteAsync();
        Assert.Single(await store.GetTraceAsync(Make.Trace(1)));
    }

    [Fact]
    public async Task Old_traces_go_with_all_they_had_and_leave_a_tombstone()
    {
        await using var store = await OpenAsync(_clock);
        for (var i = 1; i <= 500; i++)
        {
            await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(i), 1))]);
        }

        await Make.SaveAsync(store, Make.Trace(1), WithPeer(1));
        await Make.SaveAsync(store, Make.Trace(2), WithPeer(2));
        var middle = _clock.Now = _clock.Now.AddHours(1);

        // The second is touched again, so it is not old.
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(2), 2))]);
        _clock.Now = _clock.Now.AddHours(1);
        Assert.Equal(499, await store.Upkeep.DeleteOlderThanAsync(middle));

        Assert.Empty(await store.GetTraceAsync(Make.Trace(1)));
        Assert.NotNull(await store.GetDeletedAsync(Make.Trace(1)));
        Assert.Null(await store.GetDeletedAsync(Make.Trace(2)));
        Assert.Equal(2, (await store.GetTraceAsync(Make.Trace(2))).Count);
        Assert.Equal(
            [Make.Trace(2)],
            (await store.ListQueriesAsync(new QueryFilter { Peer = "QmPeer" })).Rows.Select(row => row.Id.TraceId)
        );
        var counts = await store.CountsAsync();
        Assert.Equal((1, 1, 1), (counts.Traces, counts.Spans, counts.Queries));
    }

    [Fact]
    public async Task A_deleted_trace_that_arrives_again_is_there_again()
    {
        await using var store = await OpenAsync(_clock);
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]);
        Assert.Equal(1, await store.Upkeep.DeleteOlderThanAsync(_clock.Now.AddSeconds(1)));
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]);

        Assert.Null(await store.GetDeletedAsync(Make.Trace(1)));
        Assert.Single(await store.GetTraceAsync(Make.Trace(1)));
    }

    private static Query WithPeer(int trace) =>
        Make.Query(Make.Trace(trace), new SpanId(1)) with
        {
            Peers = [new QueryPeer { Id = "QmPeer", State = PeerState.Answered }],
        };

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
