using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Traces;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Storage.Contract.Statistics;

/// <summary>
/// A day of a Kubo without LAN peers: every find-peer has an empty LAN side of microseconds beside its WAN lookup, and as many operations
/// have nothing but an empty side. In one hour every lookup takes 1.8 times as long. Statistics read from the archive must find that ratio.
/// </summary>
public abstract class PlantedSlowdownContract : StoreContract
{
    private const double Slowdown = 1.8;
    private const int SlowHour = 14;
    private const int LookupsPerHour = 30;
    private const ulong Hour = 3_600_000_000_000;
    private const ulong Day = 1_795_305_600_000_000_000;

    [Fact]
    public async Task The_ratio_of_a_slow_hour_to_the_rest_of_the_day_is_found_among_empty_LAN_sides()
    {
        await using var store = await OpenAsync(TraceReconstruction.Reconstruct);
        await FillAsync(store);

        var slow = await store.ListOperationFactsAsync(
            new QueryFilter { FromUnixNano = Day + (SlowHour * Hour), ToUnixNano = Day + ((SlowHour + 1) * Hour) }
        );
        List<OperationFacts> rest =
        [
            .. await store.ListOperationFactsAsync(new QueryFilter { ToUnixNano = Day + (SlowHour * Hour) }),
            .. await store.ListOperationFactsAsync(new QueryFilter { FromUnixNano = Day + ((SlowHour + 1) * Hour) }),
        ];

        Assert.Equal(LookupsPerHour, slow.Count);
        Assert.Equal(23 * LookupsPerHour, rest.Count);
        Assert.Equal(24 * LookupsPerHour, await store.CountOperationsAsync(new QueryFilter { Skipped = true }));
        var median = Comparison.Of(rest, slow).Figures.Single(static figure => figure.Figure.Name == "duration-p50");
        var ratio = Assert.NotNull(median.Ratio);
        Assert.True(ratio.Low > 1, $"the interval {ratio.Low:0.00} to {ratio.High:0.00} does not tell that the hour was slower");
        Assert.InRange(Slowdown, ratio.Low, ratio.High);
    }

    private static async Task FillAsync(TraceStore store)
    {
        var simulator = new KuboTraceSimulator(seed: 18);
        var lookup = new KuboScenario
        {
            Dual = true,
            NetworkSize = 40,
            Seeds = 10,
            DeadShare = 0.1,
            MuteShare = 0,
        };
        List<Span[]> traces = [];
        for (var number = 0; number < 24 * LookupsPerHour; number++)
        {
            var start = Day + ((ulong)number * Hour / LookupsPerHour);
            var factor = number / LookupsPerHour == SlowHour ? Slowdown : 1;
            traces.Add(Moved(simulator.Simulate(lookup).Spans, start, factor));
            traces.Add(Moved(EmptySide(simulator.Simulate(lookup)), start + 1_000_000, 1));
        }

        await Task.WhenAll(
            traces.Select(spans => store.AppendAsync([new TraceChunk(spans[0].TraceId, OtlpProtobuf.Encode(spans), spans.Length)]))
        );
        List<TraceAnalysis> analyses = [];
        foreach (var spans in traces)
        {
            var content = await store.LoadAsync(spans[0].TraceId) ?? throw new InvalidOperationException("The trace is not there.");
            analyses.Add(
                new TraceAnalysis
                {
                    Content = content,
                    Otlp = content.Otlp,
                    Spans = SpanMerge.Merge(OtlpProtobuf.Decode(content.Otlp)),
                    Found = store.Reconstruct(content),
                    Version = AnalysisVersion.Current,
                }
            );
        }

        Assert.DoesNotContain(false, await store.SaveAnalysesAsync(analyses));
    }

    /// <summary>The spans of a trace from another start on, with all its times stretched.</summary>
    private static Span[] Moved(IReadOnlyList<Span> spans, ulong start, double factor)
    {
        var first = spans.Min(static span => span.StartUnixNano);
        return
        [
            .. spans.Select(span =>
                span with
                {
                    StartUnixNano = At(span.StartUnixNano),
                    EndUnixNano = At(span.EndUnixNano),
                    Events = [.. span.Events.Select(happening => happening with { TimeUnixNano = At(happening.TimeUnixNano) })],
                }
            ),
        ];

        ulong At(ulong time) => start + (ulong)((time - first) * factor);
    }

    /// <summary>The LAN side of a trace alone.</summary>
    private static List<Span> EmptySide(KuboTrace trace)
    {
        HashSet<SpanId> kept = [trace.LanRoot ?? throw new InvalidOperationException("The trace has no LAN side.")];
        var spans = trace.Spans.OrderBy(static span => span.StartUnixNano).ToList();
        return
        [
            .. spans
                .Where(span => kept.Contains(span.SpanId) || (kept.Contains(span.ParentSpanId) && kept.Add(span.SpanId)))
                .Select(span => span.SpanId == trace.LanRoot ? span with { ParentSpanId = default } : span),
        ];
    }
}
