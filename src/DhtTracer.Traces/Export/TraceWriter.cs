using System.IO.Pipelines;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Export;

/// <summary>A format to write spans in.</summary>
public enum TraceExportFormat
{
    /// <summary>Jaeger's JSON v1, one document with all traces.</summary>
    JaegerJson,

    /// <summary>An answer of Jaeger's HTTP API v3: OTLP JSON inside <c>{"result":…}</c>.</summary>
    JaegerV3Json,

    /// <summary>OTLP JSON, one document with all traces.</summary>
    OtlpJson,

    /// <summary>OTLP JSON, one document and one line per trace.</summary>
    OtlpJsonLines,

    /// <summary>OTLP protobuf, one <c>TracesData</c> with all traces.</summary>
    OtlpProtobuf,
}

/// <summary>
/// Writes traces one by one, so memory use is bounded by the largest trace. Call <see cref="WriteAsync"/> for each trace, then
/// <see cref="CompleteAsync"/>: it writes the end of the document. The caller completes the pipe.
/// </summary>
public abstract class TraceWriter : IDisposable
{
    private readonly PipeWriter _output;
    private bool _isCompleted;

    private protected TraceWriter(PipeWriter output) => _output = output;

    /// <summary>Makes a writer.</summary>
    /// <param name="format">The format to write.</param>
    /// <param name="output">The pipe to write to; for a stream, use <see cref="PipeWriter.Create(Stream,
    /// StreamPipeWriterOptions?)"/>.</param>
    public static TraceWriter Create(TraceExportFormat format, PipeWriter output) =>
        format switch
        {
            TraceExportFormat.JaegerJson => new JaegerJsonTraceWriter(output),
            TraceExportFormat.JaegerV3Json => new OtlpJsonTraceWriter(output, isResult: true),
            TraceExportFormat.OtlpJson => new OtlpJsonTraceWriter(output, isResult: false),
            TraceExportFormat.OtlpJsonLines => new OtlpJsonLinesTraceWriter(output),
            TraceExportFormat.OtlpProtobuf => new OtlpProtobufTraceWriter(output),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a format that traces can be written in."),
        };

    /// <summary>The media type of the output, for an HTTP response.</summary>
    public abstract string MediaType { get; }

    /// <summary>Writes the spans of one trace and waits until the reader of the pipe has room for more.</summary>
    /// <param name="trace">All spans of one trace, at least one, in the order to write them.</param>
    /// <param name="cancellationToken">Stops the wait. The document is then truncated.</param>
    /// <exception cref="InvalidOperationException">The writer has been completed.</exception>
    /// <exception cref="IOException">The reader of the pipe is gone.</exception>
    public ValueTask WriteAsync(IReadOnlyCollection<Span> trace, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isCompleted, this);
        if (trace.Count > 0)
        {
            WriteTrace(trace);
        }

        return FlushAsync(cancellationToken);
    }

    /// <summary>Writes the end of the document.</summary>
    /// <exception cref="IOException">The reader of the pipe is gone.</exception>
    public ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (!_isCompleted)
        {
            _isCompleted = true;
            WriteEnd();
        }

        return FlushAsync(cancellationToken);
    }

    /// <summary>Returns buffers to their pool. Writes nothing.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns buffers to their pool.</summary>
    protected virtual void Dispose(bool disposing)
    {
        // Formats that own a JSON writer override this.
    }

    private protected abstract void WriteTrace(IReadOnlyCollection<Span> trace);

    private protected abstract void WriteEnd();

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        var result = await _output.FlushAsync(cancellationToken);
        if (result.IsCanceled)
        {
            throw new OperationCanceledException("Writing the export was cancelled.");
        }

        if (result.IsCompleted && !_isCompleted)
        {
            throw new IOException("Nobody reads the export any more.");
        }
    }
}
