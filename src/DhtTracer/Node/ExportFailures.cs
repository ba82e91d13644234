using System.Diagnostics.Tracing;

namespace DhtTracer.Node;

/// <summary>Counts what the exporter could not send. It tells nobody but its own event source: to its caller a batch that nobody took is
/// done.</summary>
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
            EnableEvents(eventSource, EventLevel.Informational);
        }
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // By name: a connection that is refused is an error over HTTP, and "transient" over gRPC.
        if (
            eventData.EventName
            is "FailedToReachCollector"
                or "ExportMethodException"
                or "TransientHttpError"
                or "HttpRequestFailed"
                or "OperationUnexpectedlyCanceled"
                or "RequestTimedOut"
                or "ExportFailure"
                or "ResponseDeserializationFailed"
        )
        {
            Interlocked.Increment(ref _count);
        }
    }
}
