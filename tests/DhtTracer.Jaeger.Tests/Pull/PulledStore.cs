using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Traces.Model;
using Model = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Jaeger.Tests.Pull;

/// <summary>A store in a folder of its own, and the comparison of what is in it with what a Jaeger had.</summary>
internal sealed class PulledStore : IAsyncDisposable
{
    private PulledStore(string directory, TraceStore store)
    {
        Directory = directory;
        Store = store;
    }

    public string Directory { get; }

    public TraceStore Store { get; private set; }

    public SpanSink Sink => new(Store, new IngestStatistics(TimeProvider.System));

    public static async Task<PulledStore> CreateAsync(TimeProvider? clock = null)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("dht-tracer-pull-").FullName;
        return new PulledStore(directory, await OpenAsync(directory, clock));
    }

    public static Task<SqliteTraceStore> OpenAsync(string directory, TimeProvider? clock = null) =>
        SqliteTraceStore.OpenAsync(
            new SqliteOptions { Directory = directory },
            static _ => DhtTracer.Analysis.ReconstructedTrace.Empty,
            clock
        );

    /// <summary>Closes and opens again, as a restart does.</summary>
    public async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = await OpenAsync(Directory);
    }

    /// <summary>Asserts that the store holds these traces and no others, each with each of its spans once.</summary>
    public async Task AssertHoldsExactlyAsync(IEnumerable<IEnumerable<Model.Span>> expected)
    {
        var traces = expected
            .SelectMany(spans => spans)
            .GroupBy(span => TraceId.FromBytes(span.TraceId.Span))
            .ToDictionary(
                group => group.Key,
                group => group.Select(span => SpanId.FromBytes(span.SpanId.Span)).Distinct().Order().ToList()
            );
        var wrong = new List<string>();
        foreach (var (id, spans) in traces)
        {
            var stored = (await Store.GetTraceAsync(id, TestContext.Current.CancellationToken))
                .Select(span => span.SpanId)
                .Order()
                .ToList();
            if (!stored.SequenceEqual(spans))
            {
                wrong.Add($"{id}: {stored.Count} of {spans.Count} spans");
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {traces.Count} traces differ, such as {string.Join("; ", wrong.Take(5))}");
        Assert.Equal(traces.Count, (await Store.CountsAsync(TestContext.Current.CancellationToken)).Traces);
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
