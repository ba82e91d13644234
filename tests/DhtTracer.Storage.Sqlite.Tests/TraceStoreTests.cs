using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.Tests;

public sealed class TraceStoreTests : IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Spans_that_were_appended_come_back_before_and_after_analysis()
    {
        await using var store = await Make.StoreAsync(_data.Options);
        var trace = Make.Trace(1);
        var spans = new[] { Make.Span(trace, 1), Make.Span(trace, 2, start: Make.Start + 5) };
        await store.AppendAsync([Make.Chunk(spans[0]), Make.Chunk(spans[1])]);

        Assert.Equal(spans, await store.GetTraceAsync(trace));
        Assert.True(await Make.AnalyseAsync(store, trace));
        Assert.Equal(spans, await store.GetTraceAsync(trace));
        Assert.Equal(2, (await store.CountsAsync()).Spans);
        Assert.Equal(0, (await store.CountsAsync()).PendingSpans);
    }

    [Fact]
    public async Task Spans_survive_closing_and_opening_again()
    {
        var span = Make.Span(Make.Trace(1), 1);
        await using (var store = await Make.StoreAsync(_data.Options))
        {
            await store.AppendAsync([Make.Chunk(span)]);
        }

        await using var again = await Make.StoreAsync(_data.Options);
        Assert.Equal([span], await again.GetTraceAsync(span.TraceId));
    }

    [Fact]
    public async Task The_same_span_appended_twice_is_one_span()
    {
        await using var store = await Make.StoreAsync(_data.Options);
        var span = Make.Span(Make.Trace(1), 1);
        await store.AppendAsync([Make.Chunk(span)]);
        await store.AppendAsync([Make.Chunk(span)]);
        Assert.Equal([span], await store.GetTraceAsync(span.TraceId));

        await Make.AnalyseAsync(store, span.TraceId);
        await store.AppendAsync([Make.Chunk(span)]);
        await Make.AnalyseAsync(store, span.TraceId);
        Assert.Equal([span], await store.GetTraceAsync(span.TraceId));
        Assert.Equal(1, (await store.CountsAsync()).Spans);
        Assert.Equal(1, (await store.CountsAsync()).Traces);
    }

    [Fact]
    public async Task A_span_that_arrives_during_analysis_waits_for_the_next_one()
    {
        await using var store = await Make.StoreAsync(_data.Options);
        var trace = Make.Trace(1);
        await store.AppendAsync([Make.Chunk(Make.Span(trace, 1))]);
        var content = (await store.LoadAsync(trace))!;
        await store.AppendAsync([Make.Chunk(Make.Span(trace, 2))]);
        var saved = await store.SaveAnalysesAsync([
            new TraceAnalysis
            {
                Content = content,
                Otlp = content.Otlp,
                Version = 1,
            },
        ]);

        Assert.Equal([true], saved);
        Assert.Equal([trace], (await store.ListPendingAsync(10)).Select(pending => pending.TraceId));
        Assert.Equal(2, (await store.GetTraceAsync(trace)).Count);
    }

    [Fact]
    public async Task Of_two_analyses_of_the_same_content_one_is_saved()
    {
        await using var store = await Make.StoreAsync(_data.Options);
        var trace = Make.Trace(1);
        await store.AppendAsync([Make.Chunk(Make.Span(trace, 1))]);
        var content = (await store.LoadAsync(trace))!;
        var analysis = new TraceAnalysis
        {
            Content = content,
            Otlp = content.Otlp,
            Version = 1,
        };

        Assert.Equal([true], await store.SaveAnalysesAsync([analysis]));
        Assert.Equal([false], await store.SaveAnalysesAsync([analysis]));
    }

    [Fact]
    public async Task Peer_ids_in_the_spans_come_back_exactly()
    {
        const string Peer = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";
        const string Rsa = "QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ";
        await using var store = await Make.StoreAsync(_data.Options);
        var trace = Make.Trace(1);
        var span = Make.Span(trace, 1) with
        {
            Attributes = AttributeList.Of(
                ("PeerID", Peer),
                ("peers", $"{{{Peer}: [/ip4/1.2.3.4]}} {{{Rsa}: []}} {Peer}{Rsa}"),
                ("cut", Peer[..30]),
                ("bytes", new BytesValue([0xFF, 0, 0xFF, 0xFF, 1]))
            ),
        };
        await store.AppendAsync([Make.Chunk(span)]);
        await Make.AnalyseAsync(
            store,
            trace,
            Make.Query(trace, span.SpanId) with
            {
                Peers = [new QueryPeer { Id = Peer, State = PeerState.Heard }, new QueryPeer { Id = Rsa, State = PeerState.Heard }],
            }
        );

        Assert.Equal([span], await store.GetTraceAsync(trace));
    }
}
