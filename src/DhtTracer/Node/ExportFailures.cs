using System.Diagnostics.Tracing;

namespace DhtTracer.Node;

/// <summary>Counts what the exporter could not send. It tells nobody but its own event source: to its caller a batch that nobody took is done.</summary>
internal sealed class ExportFailures : EventListener
{
    private const string Exporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol";

    private int _count;

    /// <summary>Failures so far.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Exporter)
        {
            EnableEvents(eventSource, EventLevel.Error);
        }
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData) => Interlocked.Increment(ref _count);
}
