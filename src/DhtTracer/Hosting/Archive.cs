using DhtTracer.Analysis;
using DhtTracer.Storage;

namespace DhtTracer.Hosting;

/// <summary>Opens the archive for commands and for the main process.</summary>
internal static class Archive
{
    /// <summary>Opens it for reading, beside a main process that may be writing.</summary>
    public static Task<TraceStore> OpenForReadingAsync(string dataDirectory, CancellationToken cancellation) =>
        TraceStore.OpenAsync(
            new DatabaseOptions { Directory = dataDirectory, ReadOnly = true },
            TraceReconstruction.Reconstruct,
            cancellationToken: cancellation
        );

    /// <summary>Opens it for writing; creates it when it is not there.</summary>
    public static Task<TraceStore> OpenAsync(string dataDirectory, CancellationToken cancellation) =>
        TraceStore.OpenAsync(
            new DatabaseOptions { Directory = dataDirectory },
            TraceReconstruction.Reconstruct,
            cancellationToken: cancellation
        );
}
