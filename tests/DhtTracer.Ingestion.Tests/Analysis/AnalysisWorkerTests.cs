using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Tests.Analysis;

public sealed class AnalysisWorkerTests
{
    [Fact]
    public async Task Spans_become_queries_without_being_asked()
    {
        await using var host = await IngestHost.StartAsync(RootIsAQuery);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var changes = host.Store.Changes.WatchAsync(timeout.Token).GetAsyncEnumerator(timeout.Token);
        var change = changes.MoveNextAsync();
        await host.Sink.AcceptAsync([MakeSpans.Span(1, 1)], "test");

        Assert.True(await change);
        var id = new QueryId(MakeSpans.Trace(1), new SpanId(1));
        Assert.Equal([id], changes.Current.Queries);
        Assert.Equal(id, Assert.Single((await host.Store.ListQueriesAsync(new())).Rows).Id);
    }

    [Fact]
    public async Task Late_spans_are_analysed_together_with_the_ones_before()
    {
        await using var host = await IngestHost.StartAsync(RootIsAQuery);
        await host.Sink.AcceptAsync([MakeSpans.Span(1, 5)], "test");
        await host.Worker.DrainAsync();
        await host.Sink.AcceptAsync([MakeSpans.Span(1, 2), MakeSpans.Span(1, 5)], "test");
        await host.Worker.DrainAsync();

        // The earliest span is the root: the query of before has given way to the one of all spans.
        Assert.Equal(new SpanId(2), Assert.Single((await host.Store.ListQueriesAsync(new())).Rows).Id.SpanId);
        Assert.Equal(2, (await host.Store.CountsAsync()).Spans);
        Assert.Equal(1, (await host.Store.CountsAsync()).Queries);
    }

    [Fact]
    public async Task A_trace_whose_analysis_fails_says_so_and_keeps_its_spans_and_the_others_go_on()
    {
        await using var host = await IngestHost.StartAsync(spans =>
            spans[0].TraceId == MakeSpans.Trace(1) ? throw new InvalidOperationException("strange trace") : RootIsAQuery(spans)
        );
        await host.Sink.AcceptAsync([MakeSpans.Span(1, 1), MakeSpans.Span(2, 1)], "test");
        await host.Worker.DrainAsync();

        Assert.Equal("InvalidOperationException: strange trace", (await host.Store.GetTraceInfoAsync(MakeSpans.Trace(1)))!.AnalysisError);
        Assert.Equal([MakeSpans.Span(1, 1)], await host.Store.GetTraceAsync(MakeSpans.Trace(1)));
        Assert.Equal(MakeSpans.Trace(2), Assert.Single((await host.Store.ListQueriesAsync(new())).Rows).Id.TraceId);
        Assert.Equal(1, host.Worker.FailedCount);
    }

    [Fact]
    public async Task What_another_process_stored_is_analysed_too()
    {
        await using var host = await IngestHost.StartAsync(
            RootIsAQuery,
            analysis: new AnalysisOptions { PollInterval = TimeSpan.FromMilliseconds(20) }
        );
        await host.Worker.DrainAsync();
        await using (
            var other = await SqliteTraceStore.OpenAsync(
                new SqliteOptions { Directory = Path.GetDirectoryName(host.Store.Location)! },
                RootIsAQuery
            )
        )
        {
            await other.AppendAsync([new(MakeSpans.Trace(1), DhtTracer.Traces.Otlp.OtlpProtobuf.Encode([MakeSpans.Span(1, 1)]), 1)]);
        }

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await host.Worker.DrainAsync(timeout.Token);
        Assert.Single((await host.Store.ListQueriesAsync(new())).Rows);
    }

    private static ReconstructedTrace RootIsAQuery(IReadOnlyList<Span> spans) =>
        ReconstructedTrace.Of([
            new Query
            {
                Id = new QueryId(spans[0].TraceId, spans[0].SpanId),
                OperationId = new QueryId(spans[0].TraceId, spans[0].SpanId),
                Type = QueryType.FindPeer,
                Source = TraceSource.Native,
                StartUnixNano = spans[0].StartUnixNano,
                Outcome = QueryOutcome.Success,
            },
        ]);
}
