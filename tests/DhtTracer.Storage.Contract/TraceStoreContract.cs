using System.IO.Compression;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage.Contract;

public abstract class TraceStoreContract : StoreContract
{
    [Fact]
    public async Task Spans_that_were_appended_come_back_before_and_after_analysis()
    {
        await using var store = await OpenAsync();
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
        await using (var store = await OpenAsync())
        {
            await store.AppendAsync([Make.Chunk(span)]);
        }

        await using var again = await OpenAsync();
        Assert.Equal([span], await again.GetTraceAsync(span.TraceId));
    }

    [Fact]
    public async Task The_same_span_appended_twice_is_one_span()
    {
        await using var store = await OpenAsync();
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
        await using var store = await OpenAsync();
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
    public async Task Late_spans_come_back_with_the_earlier_ones()
    {
        await using var store = await OpenAsync();
        var trace = Make.Trace(1);
        var spans = Enumerable.Range(1, 6).Select(number => Make.Span(trace, number)).ToArray();
        await store.AppendAsync([Make.Chunk(spans[..2])]);
        await Make.AnalyseAsync(store, trace);
        await store.AppendAsync([Make.Chunk(spans[2..4])]);
        await Make.AnalyseAsync(store, trace);
        await store.AppendAsync([Make.Chunk(spans[4..])]);
        await Make.AnalyseAsync(store, trace);

        // Nothing new, so nothing is written.
        await Make.AnalyseAsync(store, trace);

        Assert.Equal(spans, await store.GetTraceAsync(trace));
        Assert.Equal(6, (await store.CountsAsync()).Spans);
    }

    [Fact]
    public async Task A_late_span_that_was_stored_before_replaces_everything_by_the_merged_spans()
    {
        await using var store = await OpenAsync();
        var trace = Make.Trace(1);
        var spans = Enumerable.Range(1, 3).Select(number => Make.Span(trace, number)).ToArray();
        await store.AppendAsync([Make.Chunk(spans[0])]);
        await Make.AnalyseAsync(store, trace);
        await store.AppendAsync([Make.Chunk(spans[1])]);
        await Make.AnalyseAsync(store, trace);
        await store.AppendAsync([Make.Chunk(spans[0], spans[2])]);
        var content = (await store.LoadAsync(trace))!;
        var merged = SpanMerge.Merge(OtlpProtobuf.Decode(content.Otlp));
        Assert.Equal(
            [true],
            await store.SaveAnalysesAsync([
                new TraceAnalysis
                {
                    Content = content,
                    Otlp = OtlpProtobuf.Encode(merged),
                    Spans = merged,
                    Version = 1,
                },
            ])
        );

        Assert.Equal(spans, await store.GetTraceAsync(trace));
        Assert.Equal(3, (await store.CountsAsync()).Spans);
    }

    [Fact]
    public async Task A_message_stays_until_the_last_of_its_traces_is_analysed()
    {
        await using var store = await OpenAsync();
        var (first, second) = (Make.Trace(1), Make.Trace(2));
        await store.AppendAsync([Make.Chunk(Make.Span(first, 1)), Make.Chunk(Make.Span(second, 1), Make.Span(second, 2))]);
        var row = Assert.Single(await store.ReadInboxAsync(0, long.MaxValue));
        Assert.Equal([(first, 1), (second, 2)], row.Waiting.Select(static chunk => (chunk.TraceId, chunk.SpanCount)));

        await Make.AnalyseAsync(store, first);
        row = Assert.Single(await store.ReadInboxAsync(0, long.MaxValue));
        Assert.Equal([second], row.Waiting.Select(static chunk => chunk.TraceId));
        Assert.Equal(2, (await store.CountsAsync()).PendingSpans);
        Assert.Single(await store.GetTraceAsync(first));

        await Make.AnalyseAsync(store, second);
        Assert.Empty(await store.ListInboxAsync());
    }

    [Theory]
    [InlineData(BodyEncoding.Identity)]
    [InlineData(BodyEncoding.Gzip)]
    [InlineData(BodyEncoding.Zstd)]
    [InlineData(BodyEncoding.Brotli)]
    public async Task A_message_is_kept_in_the_form_in_which_it_came(BodyEncoding encoding)
    {
        await using var store = await OpenAsync();
        var (first, second) = (Make.Span(Make.Trace(1), 1), Make.Span(Make.Trace(2), 1));
        var otlp = OtlpProtobuf.Encode([first, second]);
        await store.AppendMessagesAsync([new InboxBody(Compressed(otlp, encoding), encoding, [Make.Chunk(first), Make.Chunk(second)])]);
        Assert.Equal([first], await store.GetTraceAsync(first.TraceId));
        Assert.Equal([second], await store.GetTraceAsync(second.TraceId));
    }

    [Fact]
    public async Task A_damaged_message_is_told_with_its_traces_and_does_not_hide_the_others()
    {
        await using var store = await OpenAsync();
        var (damaged, whole) = (Make.Span(Make.Trace(1), 1), Make.Span(Make.Trace(2), 1));
        await store.AppendMessagesAsync([new InboxBody(new byte[] { 1, 2, 3 }, BodyEncoding.Gzip, [Make.Chunk(damaged)])]);
        await store.AppendAsync([Make.Chunk(whole)]);
        var rows = await store.ReadInboxAsync(0, long.MaxValue);
        Assert.NotNull(rows[0].Problem);
        Assert.Equal(damaged.TraceId, Assert.Single(rows[0].Waiting).TraceId);
        Assert.Null(rows[1].Problem);
        Assert.Equal(whole.TraceId, Assert.Single(rows[1].Waiting).TraceId);
        await Assert.ThrowsAsync<InvalidDataException>(() => store.LoadAsync(damaged.TraceId));
    }

    private static byte[] Compressed(byte[] data, BodyEncoding encoding)
    {
        using var output = new MemoryStream();
        using (
            var stream = encoding switch
            {
                BodyEncoding.Gzip => new GZipStream(output, CompressionLevel.Optimal),
                BodyEncoding.Zstd => new ZstdSharp.CompressionStream(output),
                BodyEncoding.Brotli => new BrotliStream(output, CompressionLevel.Optimal),
                _ => (Stream)output,
            }
        )
        {
            stream.Write(data);
        }

        return output.ToArray();
    }

    [Fact]
    public async Task Of_two_analyses_of_the_same_content_one_is_saved()
    {
        await using var store = await OpenAsync();
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
        await using var store = await OpenAsync();
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
