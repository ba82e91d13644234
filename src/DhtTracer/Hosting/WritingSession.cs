using DhtTracer.Analysis;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Storage;

namespace DhtTracer.Hosting;

/// <summary>The archive open for a command that writes, with the analysis running beside it.</summary>
internal sealed class WritingSession : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Task working;

    private WritingSession(TraceStore store)
    {
        Store = store;
        Logs = LoggerFactory.Create(ConsoleLogs.Configure);
        Worker = new AnalysisWorker(store, TraceReconstruction.Reconstruct, new AnalysisOptions(), TimeProvider.System, Logs.CreateLogger<AnalysisWorker>());
        working = Worker.RunAsync(stop.Token);
    }

    /// <summary>The archive.</summary>
    public TraceStore Store { get; }

    /// <summary>The analysis.</summary>
    public AnalysisWorker Worker { get; }

    /// <summary>Logs, on standard error.</summary>
    public ILoggerFactory Logs { get; }

    /// <summary>Opens the archive and starts the analysis.</summary>
    public static async Task<WritingSession> OpenAsync(string dataDirectory, CancellationToken cancellation) =>
        new(await Archive.OpenAsync(dataDirectory, cancellation));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await working;
        await Store.DisposeAsync();
        Logs.Dispose();
        stop.Dispose();
    }
}
