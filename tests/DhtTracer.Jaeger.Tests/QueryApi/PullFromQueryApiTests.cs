using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>One DhtTracer pulls another over each transport: both sides of the protocol are ours, and nothing may get lost between
/// them.</summary>
public class PullFromQueryApiTests
{
    private const int TraceCount = 300;
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow.AddHours(-2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = 5 * 60_000)]
    [InlineData(PullTransport.Grpc, 1)]
    [InlineData(PullTransport.HttpV3, 1)]
    [InlineData(PullTransport.HttpV1, 1_000)]
    public async Task Every_trace_comes_over_with_its_times_at_a_depth_of_20(PullTransport transport, int precision)
    {
        var spans = MadeUp();
        await using var source = await QueryApiHost.StartAsync(spans);
        var folder = Directory.CreateTempSubdirectory("dht-tracer-pulls-");
        await using (
            var store = await SqliteTraceStore.OpenAsync(
                new SqliteOptions { Directory = folder.FullName },
                static _ => DhtTracer.Analysis.ReconstructedTrace.Empty
            )
        )
        {
            var options = new PullOptions
            {
                Source = transport == PullTransport.Grpc ? $"jaeger://127.0.0.1:{source.GrpcPort}" : source.Http.BaseAddress!.ToString(),
                Transport = transport,
                Depth = 20,
                Since = TimeSpan.FromHours(3),
                GiveUpAfter = TimeSpan.FromSeconds(5),
            };
            var total = await new PullWorker(options, store, new SpanSink(store, new IngestStatistics(TimeProvider.System))).RunAsync(
                null,
                Cancel
            );

            Assert.Equal((2, TraceCount, spans.Count), (total.Services, (int)total.Traces, (int)total.Spans));
            Assert.True(total.WindowsBisected > 0);
            foreach (var trace in spans.GroupBy(span => span.TraceId))
            {
                var pulled = await store.GetTraceAsync(trace.Key, Cancel);
                Assert.Equal(trace.OrderBy(span => span.SpanId).Select(Said), pulled.OrderBy(span => span.SpanId).Select(Said));
            }
        }

        folder.Delete(recursive: true);

        (SpanId, SpanId, string, string?, ulong, ulong, string?) Said(Span span)
        {
            var start = span.StartUnixNano / (ulong)precision;
            return (
                span.SpanId,
                span.ParentSpanId,
                span.Name,
                span.Resource.ServiceName,
                start,
                (span.EndUnixNano - span.StartUnixNano) / (ulong)precision,
                span.Attributes.GetString("peer")
            );
        }
    }

    private static List<Span> MadeUp()
    {
        var random = new Random(7);
        var start = (ulong)(Start - DateTimeOffset.UnixEpoch).Ticks * 100;
        var resources = new[] { "kubo", "js" }
            .Select(name => new Resource { Attributes = AttributeList.Of(("service.name", new StringValue(name))) })
            .ToArray();
        return
        [
            .. Enumerable
                .Range(0, TraceCount)
                .SelectMany(trace =>
                    Enumerable
                        .Range(0, random.Next(1, 25))
                        .Select(number => new Span
                        {
                            TraceId = new TraceId((ulong)(trace % 2), (ulong)trace + 1),
                            SpanId = new SpanId((ulong)number + 1),
                            ParentSpanId = new SpanId(number == 0 ? 0UL : 1UL),
                            Name = number == 0 ? "lookup" : "request",
                            StartUnixNano = start + ((ulong)trace * 1_000_007) + (ulong)number,
                            EndUnixNano = start + ((ulong)trace * 1_000_007) + (ulong)number + (ulong)random.Next(1, 2_000_000),
                            Resource = resources[trace % 3 == 0 ? 1 : 0],
                            Scope = InstrumentationScope.Empty,
                            Attributes = AttributeList.Of(("peer", new StringValue($"12D3KooW{trace}-{number}"))),
                        })
                ),
        ];
    }
}
