using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.Tests;

/// <summary>Two stores on one database, as two processes have.</summary>
public sealed class SeveralProcessesTests
{
    [Fact]
    public async Task Spans_of_one_trace_that_come_to_two_stores_at_once_are_one_trace()
    {
        const int Traces = 20;
        await using var archive = new PostgresArchive();
        await using var first = await archive.OpenAsync(Make.OneQuery, null);
        await using var second = await archive.OpenAsync(Make.OneQuery, null);

        await Task.WhenAll(
            Enumerable
                .Range(1, Traces)
                .SelectMany(trace =>
                    new[] { (first, 1), (second, 2) }.Select(sender =>
                        sender.Item1.AppendAsync([Make.Chunk(Make.Span(Make.Trace(trace), sender.Item2))])
                    )
                )
        );

        for (var trace = 1; trace <= Traces; trace++)
        {
            Assert.Equal([1UL, 2UL], (await first.GetTraceAsync(Make.Trace(trace))).Select(static span => SpanNumber(span)));
        }

        Assert.Equal((Traces, 2 * Traces), ((await second.CountsAsync()).Traces, (await second.CountsAsync()).PendingSpans));
    }

    [Fact]
    public async Task Of_two_stores_that_save_the_same_traces_at_once_each_trace_is_saved_by_one()
    {
        const int Traces = 20;
        await using var archive = new PostgresArchive();
        await using var first = await archive.OpenAsync(Make.OneQuery, null);
        await using var second = await archive.OpenAsync(Make.OneQuery, null);
        await first.AppendAsync([.. Enumerable.Range(1, Traces).Select(static trace => Make.Chunk(Make.Span(Make.Trace(trace), 1)))]);

        var analyses = new List<TraceAnalysis>();
        for (var trace = 1; trace <= Traces; trace++)
        {
            var content = (await first.LoadAsync(Make.Trace(trace)))!;
            analyses.Add(
                new TraceAnalysis
                {
                    Content = content,
                    Otlp = content.Otlp,
                    Spans = [Make.Span(Make.Trace(trace), 1)],
                    Found = ReconstructedTrace.Of([Make.Query(Make.Trace(trace), new SpanId(1))]),
                    Version = AnalysisVersion.Current,
                }
            );
        }

        var saved = await Task.WhenAll(SaveAllAsync(first, analyses), SaveAllAsync(second, analyses.AsEnumerable().Reverse()));

        Assert.Equal(Traces, saved.Sum());
        var counts = await first.CountsAsync();
        Assert.Equal((Traces, Traces, Traces, 0L), (counts.Spans, counts.Operations, counts.Queries, counts.PendingSpans));
        Assert.Empty(await first.ListInboxAsync());
        Assert.Equal(Traces, (await second.ListQueriesAsync(new QueryFilter(), limit: 100)).Rows.Count);
    }

    [Fact]
    public async Task A_store_notices_that_another_one_wrote()
    {
        await using var archive = new PostgresArchive();
        await using var first = await archive.OpenAsync(Make.OneQuery, null);
        await using var second = await archive.OpenAsync(Make.OneQuery, null);
        Assert.False(await first.OthersWroteAsync());
        await first.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]);
        Assert.False(await first.OthersWroteAsync());
        await second.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 2))]);
        Assert.True(await first.OthersWroteAsync());
        Assert.False(await first.OthersWroteAsync());
    }

    private static async Task<int> SaveAllAsync(TraceStore store, IEnumerable<TraceAnalysis> analyses)
    {
        var saved = 0;
        foreach (var some in analyses.Chunk(3))
        {
            saved += (await store.SaveAnalysesAsync(some)).Count(static isSaved => isSaved);
        }

        return saved;
    }

    private static ulong SpanNumber(Span span) => System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(span.SpanId.ToBytes());
}
