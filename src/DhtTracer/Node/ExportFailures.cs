using System.Diagnostics.Tracing;

namespace DhtTracer.Node;

/// <summary>Counts failed exports. The exporter reports a failed batch only to its own event source; its caller sees success.</summary>
internal sealed class ExportFailures : EventListener
{
    private const string Exporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol";

    private int _count;

    /// <summary>Number of failures so far.</summary>
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
        // Match by name: a refused connection is an error over HTTP, but "transient" over gRPC.
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
