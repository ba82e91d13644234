using DhtTracer.Analysis;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Storage;

namespace DhtTracer.Hosting;

/// <summary>The archive open for a command that writes, with the analysis running beside it.</summary>
internal sealed class WritingSession : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _working;

    private WritingSession(TraceStore store)
    {
        Store = store;
        Logs = LoggerFactory.Create(ConsoleLogs.Configure);
        Worker = new AnalysisWorker(
            store,
            TraceReconstruction.Reconstruct,
            new AnalysisOptions(),
            TimeProvider.System,
            Logs.CreateLogger<AnalysisWorker>()
        );
        _working = Worker.RunAsync(_stop.Token);
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
        await _stop.CancelAsync();
        await _working;
        await Store.DisposeAsync();
        Logs.Dispose();
        _stop.Dispose();
    }
}
