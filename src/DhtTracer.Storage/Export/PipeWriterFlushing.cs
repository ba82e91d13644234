using System.IO.Pipelines;

namespace DhtTracer.Storage.Export;

/// <summary>Flushing that fails when the reader is gone.</summary>
internal static class PipeWriterFlushing
{
    /// <summary>Waits until the reader of the pipe has room for more.</summary>
    /// <exception cref="IOException">The reader of the pipe is gone.</exception>
    public static async ValueTask FlushToReaderAsync(this PipeWriter output, CancellationToken cancellationToken)
    {
        var result = await output.FlushAsync(cancellationToken);
        if (result.IsCanceled)
        {
            throw new OperationCanceledException("Writing the export was cancelled.");
        }

        if (result.IsCompleted)
        {
            throw new IOException("Nobody reads the export any more.");
        }
    }
}
