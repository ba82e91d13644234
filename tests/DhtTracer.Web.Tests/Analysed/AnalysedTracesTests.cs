using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Otlp;
using DhtTracer.Web.Analysed;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Analysed;

public sealed class AnalysedTracesTests
{
    [Fact]
    public async Task A_trace_that_has_not_changed_is_read_once()
    {
        var query = SimulatedQueries.Make(3, 20);
        await using var site = await Site.StartAsync(query);
        var traces = new AnalysedTraces(site.Store);
        var first = await traces.GetAsync(query.Id, CancellationToken.None);
        Assert.Same(first, await traces.GetAsync(query.Id, CancellationToken.None));
        Assert.Same(first!.Explanation, first.Explanation);
    }

    [Fact]
    public async Task Spans_that_arrive_later_are_seen_at_once_analysed_or_not()
    {
        var query = SimulatedQueries.Make(3, 20);
        var spans = NativeTrace.Of(query);
        await using var site = await Site.StartAsync();
        var traces = new AnalysedTraces(site.Store);
        var half = spans.Take(spans.Count / 2).ToList();
        await site.AddAsync(half);
        var before = await traces.GetAsync(query.Id, CancellationToken.None);
        Assert.True(before!.Query.Peers.Length < 20);

        // Stored, and not analysed yet.
        var rest = spans.Skip(half.Count).ToList();
        await site.Store.AppendAsync([new TraceChunk(query.Id.TraceId, OtlpProtobuf.Encode(rest), rest.Count)]);
        var after = await traces.GetAsync(query.Id, CancellationToken.None);
        Assert.Equal(20, after!.Query.Peers.Length);
    }

    [Fact]
    public async Task A_trace_that_is_not_there_is_empty()
    {
        await using var site = await Site.StartAsync();
        var traces = new AnalysedTraces(site.Store);
        Assert.Empty(await traces.GetAsync(SimulatedQueries.Make(3, 3).Id.TraceId, CancellationToken.None));
    }

    [Fact]
    public async Task Many_large_traces_are_not_all_kept_and_stay_right()
    {
        var queries = Enumerable.Range(1, 6).Select(seed => SimulatedQueries.Make(seed, 100)).ToList();
        await using var site = await Site.StartAsync(queries);
        var traces = new AnalysedTraces(site.Store, mostPeers: 250);
        var first = await traces.GetAsync(queries[0].Id, CancellationToken.None);
        foreach (var query in queries)
        {
            Assert.Equal(100, (await traces.GetAsync(query.Id, CancellationToken.None))!.Query.Peers.Length);
        }

        Assert.NotSame(first, await traces.GetAsync(queries[0].Id, CancellationToken.None));
    }
}
