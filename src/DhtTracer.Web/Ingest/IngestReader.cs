using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Storage;

namespace DhtTracer.Web.Ingest;

/// <summary>Reads the state of ingest: the page, the API and the metrics show what it reads.</summary>
internal sealed class IngestReader(
    TraceStore store,
    IngestStatistics statistics,
    PullStatusBoard pulls,
    AnalysisWorker worker,
    IngestSetup setup,
    TimeProvider clock
)
{
    /// <summary>The state at this moment.</summary>
    public async Task<IngestReport> ReadAsync(CancellationToken cancellationToken)
    {
        var counts = await store.CountsAsync(cancellationToken);
        var problem = worker.Problem;
        var listeners = setup.Listeners();
        return new IngestReport(
            clock.GetUtcNow(),
            Receivers(listeners),
            [.. listeners.Where(listener => listener.Receiver is null)],
            [.. pulls.Snapshot().Select(Pull)],
            new AnalysisReport(
                worker.PendingCount,
                counts.PendingSpans,
                worker.AnalysedCount,
                worker.FailedCount,
                worker.DatabaseFailureCount,
                problem?.Problem,
                problem?.Since,
                problem?.Traces,
                store.PendingBytes,
                worker.Reanalysis
            ),
            new DatabaseReport(counts.Traces, counts.Spans, counts.Operations, counts.Queries, counts.FileBytes, counts.RawBytes),
            setup.Keep?.TotalSeconds,
            setup.KeepBytes
        );
    }

    /// <summary>The name of a transport in JSON; null while none answers.</summary>
    public static string? Name(PullTransport transport) =>
        transport switch
        {
            PullTransport.Grpc => "grpc",
            PullTransport.GrpcV3 => "grpc-v3",
            PullTransport.HttpV3 => "http-v3",
            PullTransport.HttpV1 => "http-v1",
            _ => null,
        };

    /// <summary>The name of an activity in JSON.</summary>
    public static string Name(PullActivity activity) =>
        activity switch
        {
            PullActivity.Starting => "starting",
            PullActivity.Reading => "reading",
            PullActivity.Waiting => "waiting",
            PullActivity.BackingOff => "backing-off",
            PullActivity.Finished => "finished",
            _ => "failed",
        };

    /// <summary>One entry a receiving listener, also for those that are off or took nothing; then the ways in that have no
    /// listener.</summary>
    private List<ReceiverReport> Receivers(IReadOnlyList<ListenerState> listeners)
    {
        var counted = statistics.Snapshot().ToDictionary(item => item.Receiver, StringComparer.Ordinal);
        var reports = new List<ReceiverReport>();
        foreach (var listener in listeners)
        {
            if (listener.Receiver is { } name)
            {
                counted.Remove(name, out var taken);
                reports.Add(Receiver(listener.Title, name, listener, taken));
            }
        }

        reports.AddRange(counted.Values.Select(taken => Receiver(Title(taken.Receiver), taken.Receiver, null, taken)));
        return reports;
    }

    private static string Title(string receiver) =>
        receiver switch
        {
            "jaeger-pull" => "pulled from Jaeger",
            "import" => "imported files",
            _ => receiver,
        };

    private static ReceiverReport Receiver(string title, string name, ListenerState? listener, ReceiverStatistics? taken) =>
        new(
            title,
            name,
            listener?.Option,
            listener?.Address,
            taken?.Requests ?? 0,
            taken?.Spans ?? 0,
            taken?.Bytes ?? 0,
            taken?.Rejected ?? 0,
            taken?.Errors ?? 0,
            taken?.LastReceived,
            taken?.LastError,
            taken?.LastErrorTime
        );

    private static PullReport Pull(PullServiceStatus status) =>
        new(
            status.Source,
            status.Service,
            Name(status.Transport),
            Name(status.Activity),
            status.CompleteUntil,
            status.ReadUntil,
            status.Lag?.TotalSeconds,
            status.LastError,
            status.LastErrorTime,
            status.Retries,
            status.Windows,
            status.WindowsBisected,
            status.WindowsIncomplete,
            status.Traces,
            status.Spans,
            status.Duplicates,
            status.Rejected,
            status.Server,
            status.Gaps,
            status.Moved,
            status.Reread
        );
}
