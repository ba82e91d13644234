using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Services;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage.Contract.Services;

/// <summary>Calls between services, counted when a trace is analysed and added up over every trace of a time range.</summary>
public abstract class ServiceDependenciesContract : StoreContract
{
    private const ulong Second = 1_000_000_000;

    [Fact]
    public async Task Every_trace_of_the_time_range_counts_however_many_there_are()
    {
        await using var store = await OpenAsync();
        const int Traces = 6_000;
        await AddAsync(
            store,
            [.. Enumerable.Range(1, Traces).Select(static number => Call(number, Make.Start + ((ulong)number * Second)))]
        );

        Assert.Equal([new ServiceDependency("kubo", "router", Traces)], await store.ListDependenciesAsync(0, long.MaxValue));
        Assert.Equal(
            [new ServiceDependency("kubo", "router", 11)],
            await store.ListDependenciesAsync(Make.Start + (10 * Second), Make.Start + (20 * Second))
        );
        Assert.Empty(await store.ListDependenciesAsync(0, Make.Start));
    }

    [Fact]
    public async Task Spans_of_one_service_and_of_none_count_and_spans_without_a_parent_do_not()
    {
        await using var store = await OpenAsync();
        var trace = Make.Trace(1);
        await AddAsync(
            store,
            [
                [
                    Make.Span(trace, 1),
                    Make.Span(trace, 2) with
                    {
                        ParentSpanId = new SpanId(1),
                    },
                    Make.Span(trace, 3) with
                    {
                        ParentSpanId = new SpanId(1),
                    },
                    Make.Span(trace, 4) with
                    {
                        ParentSpanId = new SpanId(2),
                        Resource = new Resource(),
                    },
                    Make.Span(trace, 5) with
                    {
                        ParentSpanId = new SpanId(99),
                    },
                ],
            ]
        );
        Assert.Equal(
            [new ServiceDependency("kubo", "", 1), new ServiceDependency("kubo", "kubo", 2)],
            await store.ListDependenciesAsync(0, long.MaxValue)
        );
    }

    [Fact]
    public async Task A_trace_that_is_analysed_again_counts_once_and_one_that_is_deleted_no_more()
    {
        await using var store = await OpenAsync();
        await AddAsync(store, [Call(1, Make.Start)]);
        await AddAsync(
            store,
            [
                [.. Call(1, Make.Start), Make.Span(Make.Trace(1), 3) with { ParentSpanId = new SpanId(2) }],
            ]
        );
        Assert.Equal(
            [new ServiceDependency("kubo", "router", 1), new ServiceDependency("router", "kubo", 1)],
            await store.ListDependenciesAsync(0, long.MaxValue)
        );
        await store.Upkeep.DeleteOlderThanAsync(DateTimeOffset.UtcNow.AddHours(1));
        Assert.Empty(await store.ListDependenciesAsync(0, long.MaxValue));
    }

    private static Span[] Call(int number, ulong start)
    {
        var router = new Resource { Attributes = AttributeList.Of(("service.name", "router")) };
        return
        [
            Make.Span(Make.Trace(number), 1, start: start),
            Make.Span(Make.Trace(number), 2, start: start + 10) with
            {
                ParentSpanId = new SpanId(1),
                Resource = router,
            },
        ];
    }

    private static async Task AddAsync(TraceStore store, IReadOnlyList<Span[]> traces)
    {
        await Task.WhenAll(traces.Select(spans => store.AppendAsync([Make.Chunk(spans)])));
        var analyses = new List<TraceAnalysis>();
        foreach (var spans in traces)
        {
            var content = (await store.LoadAsync(spans[0].TraceId))!;
            analyses.Add(
                new TraceAnalysis
                {
                    Content = content,
                    Otlp = content.Otlp,
                    Spans = SpanMerge.Merge(OtlpProtobuf.Decode(content.Otlp)),
                    Version = AnalysisVersion.Current,
                }
            );
        }

        Assert.DoesNotContain(false, await store.SaveAnalysesAsync(analyses));
    }
}
