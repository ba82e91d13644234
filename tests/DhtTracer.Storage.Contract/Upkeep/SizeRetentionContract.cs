using DhtTracer.Storage.Queries;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Contract.Upkeep;

public abstract class SizeRetentionContract : StoreContract
{
    private readonly Clock _clock = new();

    [Fact]
    public async Task The_oldest_traces_go_until_the_archive_is_small_enough()
    {
        await using var store = await OpenAsync(_clock);
        await FillAsync(store, 600);
        var before = await Archive.BytesAsync(store);

        var result = await store.Upkeep.DeleteOldestAsync(before / 2);

        Assert.InRange(result.Deleted, 1, 599);
        Assert.InRange(result.Bytes, 1, before / 2);
        var left = (await store.ListQueriesAsync(new QueryFilter(), limit: 1000)).Rows.Select(row => row.Id.TraceId).ToHashSet();
        Assert.Equal(Enumerable.Range((int)result.Deleted + 1, 600 - (int)result.Deleted).Select(Make.Trace).ToHashSet(), left);
        await Archive.CheckShrunkAsync(store, before);
    }

    [Fact]
    public async Task An_archive_that_is_small_enough_loses_nothing()
    {
        await using var store = await OpenAsync(_clock);
        await FillAsync(store, 10);

        Assert.Equal(0, (await store.Upkeep.DeleteOldestAsync(1L << 40)).Deleted);
        Assert.Equal(10, (await store.CountsAsync()).Traces);
    }

    [Fact]
    public async Task Pinned_traces_stay_whatever_the_limit_and_go_when_they_are_let_go()
    {
        await using var store = await OpenAsync(_clock);
        await FillAsync(store, 250);
        Assert.True(await store.Upkeep.PinAsync(Make.Trace(3), true));
        Assert.True(await store.Upkeep.PinAsync(Make.Trace(240), true));
        Assert.False(await store.Upkeep.PinAsync(Make.Trace(999), true));

        Assert.Equal(248, (await store.Upkeep.DeleteOldestAsync(1)).Deleted);
        Assert.Equal(0, await store.Upkeep.DeleteOlderThanAsync(_clock.Now.AddDays(1)));
        Assert.Equal([Make.Trace(240), Make.Trace(3)], await store.Upkeep.ListPinnedAsync());
        Assert.True(await store.Upkeep.IsPinnedAsync(Make.Trace(3)));

        await store.Upkeep.PinAsync(Make.Trace(3), false);
        Assert.Equal(1, await store.Upkeep.DeleteOlderThanAsync(_clock.Now.AddDays(1)));
        Assert.Equal((1, 1), ((await store.CountsAsync()).Traces, (await store.CountsAsync()).Queries));
        Assert.NotNull(await store.GetDeletedAsync(Make.Trace(3)));
    }

    private async Task FillAsync(TraceStore store, int traces)
    {
        for (var i = 1; i <= traces; i++)
        {
            _clock.Now = _clock.Now.AddSeconds(1);
            var spans = Enumerable
                .Range(1, 20)
                .Select(n =>
                    Make.Span(Make.Trace(i), n) with
                    {
                        Attributes = AttributeList.Of(
                            ("noise", Convert.ToHexString(System.Security.Cryptography.SHA256.HashData([(byte)n, (byte)i, (byte)(i >> 8)])))
                        ),
                    }
                )
                .ToArray();
            await store.AppendAsync([Make.Chunk(spans)]);
            await Make.SaveAsync(store, Make.Trace(i), Make.Query(Make.Trace(i), new SpanId(1)));
        }
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
