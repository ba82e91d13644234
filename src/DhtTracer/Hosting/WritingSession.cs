using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;

namespace DhtTracer.Hosting;

/// <summary>The archive opened for a command that writes and then ends, with the analysis in the background and no open ports.</summary>
internal sealed class WritingSession : IAsyncDisposable
{
    private readonly IHost _host;

    private WritingSession(IHost host) => _host = host;

    /// <summary>The archive.</summary>
    public TraceStore Store => _host.Services.GetRequiredService<TraceStore>();

    public SpanSink Sink => _host.Services.GetRequiredService<SpanSink>();

    public AnalysisWorker Worker => _host.Services.GetRequiredService<AnalysisWorker>();

    /// <summary>Opens the archive and starts the analysis.</summary>
    /// <exception cref="DatabaseException">The archive cannot be opened.</exception>
    public static async Task<WritingSession> OpenAsync(string dataDirectory, CancellationToken cancellation)
    {
        var store = await Archive.OpenAsync(dataDirectory, cancellation);
        var host = ProgramHost.Build(ports: null, services => services.AddArchive(store));
        await host.StartAsync(cancellation);
        return new WritingSession(host);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ProgramHost.DisposeAsync(_host);
}
