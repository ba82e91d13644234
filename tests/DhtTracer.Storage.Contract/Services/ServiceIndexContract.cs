using DhtTracer.Storage.Services;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Contract.Services;

public abstract class ServiceIndexContract : StoreContract
{
    [Fact]
    public async Task Services_operations_and_traces_are_found()
    {
        await using var store = await OpenAsync();
        var js = new Resource { Attributes = AttributeList.Of(("service.name", "js")) };
        var nameless = new Resource();
        await AddAsync(
            store,
            Make.Span(Make.Trace(1), 1, "find", Make.Start, 100),
            Make.Span(Make.Trace(1), 2, "dial", Make.Start + 50, 500)
        );
        await AddAsync(store, Make.Span(Make.Trace(2), 1, "find", Make.Start + 1000, 9000) with { Kind = SpanKind.Client });
        await AddAsync(store, Make.Span(Make.Trace(3), 1, "find", Make.Start + 2000) with { Resource = js });
        await AddAsync(store, Make.Span(Make.Trace(4), 1, "x") with { Resource = nameless });

        Assert.Equal(["js", "kubo"], await store.ListServicesAsync());
        Assert.Equal(
            [new("dial", SpanKind.Internal), new("find", SpanKind.Internal), new("find", SpanKind.Client)],
            await store.ListServiceOperationsAsync("kubo")
        );
        Assert.Empty(await store.ListServiceOperationsAsync("nobody"));

        await FindsAsync(new TraceSearch(), 3, 2, 1, 4);
        await FindsAsync(new TraceSearch { Service = "kubo" }, 2, 1);
        await FindsAsync(new TraceSearch { Service = "kubo", Limit = 1 }, 2);
        await FindsAsync(new TraceSearch { Service = "kubo", Operation = "dial" }, 1);
        await FindsAsync(new TraceSearch { Operation = "find" }, 3, 2, 1);
        await FindsAsync(new TraceSearch { Service = "nobody" });
        await FindsAsync(new TraceSearch { Service = "kubo", FromUnixNano = Make.Start + 1000 }, 2);
        await FindsAsync(new TraceSearch { Service = "kubo", ToUnixNano = Make.Start }, 1);
        await FindsAsync(new TraceSearch { Service = "kubo", MinDurationNs = 9000 }, 2);
        await FindsAsync(new TraceSearch { Service = "kubo", MaxDurationNs = 100 }, 1);

        async Task FindsAsync(TraceSearch search, params int[] expected) =>
            Assert.Equal(expected.Select(Make.Trace), await store.FindTracesAsync(search));
    }

    private static async Task AddAsync(TraceStore store, params Span[] spans)
    {
        await store.AppendAsync([Make.Chunk(spans)]);
        await Make.AnalyseAsync(store, spans[0].TraceId);
    }
}
