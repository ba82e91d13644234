using DhtTracer.Ingestion.Sink;

namespace DhtTracer.Jaeger.Pull;

/// <summary>What the services of one run share.</summary>
internal sealed class PullSession : IDisposable
{
    /// <summary>What to pull, and how.</summary>
    public required PullOptions Options { get; init; }

    /// <summary>The Jaeger's address as the checkpoints name it.</summary>
    public required string Source { get; init; }

    /// <summary>The Jaeger.</summary>
    public required JaegerConnection Connection { get; init; }

    /// <summary>Limits the searches at once.</summary>
    public required SemaphoreSlim Searching { get; init; }

    /// <summary>Lets one service store at a time.</summary>
    public SemaphoreSlim Storing { get; } = new(1);

    /// <summary>What is stored already.</summary>
    public required TakenSpans Taken { get; init; }

    /// <summary>Stores spans.</summary>
    public required SpanSink Sink { get; init; }

    /// <summary>The clock of windows and pauses.</summary>
    public required TimeProvider Clock { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Connection.Dispose();
        Searching.Dispose();
        Storing.Dispose();
    }
}
