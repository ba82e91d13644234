using DhtTracer.Analysis;
using DhtTracer.Storage;
using DhtTracer.Storage.Sqlite;

namespace DhtTracer.Hosting;

/// <summary>Opens the archive for commands and for the main process.</summary>
internal static class Archive
{
    /// <summary>Opens it read-only. A main process may be writing at the same time.</summary>
    public static async Task<TraceStore> OpenForReadingAsync(string dataDirectory, CancellationToken cancellation) =>
        await SqliteTraceStore.OpenAsync(
            new SqliteOptions { Directory = dataDirectory, ReadOnly = true },
            TraceReconstruction.Reconstruct,
            cancellationToken: cancellation
        );

    /// <summary>Opens it for writing if it exists, for commands that have nothing to do in a new one.</summary>
    /// <exception cref="DatabaseException">It does not exist, or cannot be opened.</exception>
    public static Task<TraceStore> OpenExistingAsync(string dataDirectory, CancellationToken cancellation) =>
        File.Exists(new SqliteOptions { Directory = dataDirectory }.FilePath)
            ? OpenAsync(dataDirectory, cancellation)
            // Opening for reading says what is missing, and the remedy.
            : OpenForReadingAsync(dataDirectory, cancellation);

    /// <summary>Opens it for writing; creates it if missing.</summary>
    public static async Task<TraceStore> OpenAsync(string dataDirectory, CancellationToken cancellation) =>
        await SqliteTraceStore.OpenAsync(
            new SqliteOptions { Directory = dataDirectory },
            TraceReconstruction.Reconstruct,
            cancellationToken: cancellation
        );
}
