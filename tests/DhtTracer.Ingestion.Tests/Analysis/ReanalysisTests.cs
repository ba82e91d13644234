using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Storage;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using Microsoft.Extensions.Logging.Abstractions;

namespace DhtTracer.Ingestion.Tests.Analysis;

/// <summary>What an older version analysed is analysed again by itself, and a restart goes on where it was.</summary>
public sealed class ReanalysisTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "dht-tracer-tests", Guid.NewGuid().ToString("N"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Old_traces_are_analysed_again_with_progress_and_a_restart_goes_on()
    {
        await using var store = await SqliteTraceStore.OpenAsync(new SqliteOptions { Directory = _folder }, Reconstruct);
        for (var i = 1; i <= 6; i++)
        {
            await SaveOldAsync(store, i);
        }

        Assert.Equal(6, await store.CountAnalysedBeforeAsync(AnalysisVersion.Current));
        Assert.All(
            (await store.ListOperationsAsync(new QueryFilter())).Rows,
            static row => Assert.Equal(AnalysisVersion.Current - 1, row.Operation.AnalysisVersion)
        );

        // The first worker stops after two traces.
        var seen = new List<Reanalysis>();
        using (var stop = new CancellationTokenSource())
        {
            AnalysisWorker? worker = null;
            worker = Worker(
                store,
                spans =>
                {
                    if (worker!.Reanalysis is { } progress)
                    {
                        seen.Add(progress);
                        if (progress.Done >= 2)
                        {
                            stop.Cancel();
                        }
                    }

                    return Reconstruct(spans);
                }
            );
            await worker.RunAsync(stop.Token);
        }

        Assert.Equal(new Reanalysis(0, 6), seen[0]);
        Assert.InRange(await store.CountAnalysedBeforeAsync(AnalysisVersion.Current), 1, 4);

        using (var stop = new CancellationTokenSource())
        {
            var worker = Worker(store, Reconstruct);
            var running = worker.RunAsync(stop.Token);
            while (await store.CountAnalysedBeforeAsync(AnalysisVersion.Current) > 0 || worker.Reanalysis is not null)
            {
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }

            await stop.CancelAsync();
            await running;
        }

        Assert.All((await store.ListOperationsAsync(new QueryFilter())).Rows, static row => Assert.Null(row.Operation.AnalysisVersion));
        Assert.Equal(QueryOutcome.NotFound, (await store.ListOperationsAsync(new QueryFilter(), limit: 1)).Rows[0].Operation.Outcome);
    }

    private static AnalysisWorker Worker(TraceStore store, Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct) =>
        new(
            store,
            reconstruct,
            new AnalysisOptions
            {
                PollInterval = TimeSpan.FromMilliseconds(20),
                BatchSize = 1,
                Parallelism = 1,
            },
            TimeProvider.System,
            NullLogger<AnalysisWorker>.Instance
        );

    private static ReconstructedTrace Reconstruct(IReadOnlyList<Span> spans) =>
        ReconstructedTrace.Of([Query(spans[0].TraceId, QueryOutcome.NotFound)]);

    private static Query Query(TraceId trace, QueryOutcome outcome) =>
        new()
        {
            Id = new QueryId(trace, new SpanId(1)),
            OperationId = new QueryId(trace, new SpanId(1)),
            Type = QueryType.FindPeer,
            Source = TraceSource.GoKadDht,
            StartUnixNano = 1_700_000_000_000_000_000,
            Outcome = outcome,
        };

    private static async Task SaveOldAsync(TraceStore store, int number)
    {
        var trace = MakeSpans.Trace(number);
        await store.AppendAsync([new TraceChunk(trace, OtlpProtobuf.Encode([MakeSpans.Span(number, 1)]), 1)]);
        var content = (await store.LoadAsync(trace))!;
        await store.SaveAnalysesAsync([
            new TraceAnalysis
            {
                Content = content,
                Otlp = content.Otlp,
                Found = ReconstructedTrace.Of([Query(trace, QueryOutcome.Success)]),
                Version = AnalysisVersion.Current - 1,
            },
        ]);
    }
}
