using DhtTracer.Analysis;
using DhtTracer.Storage;
using DhtTracer.Storage.Postgres;
using DhtTracer.Storage.Sqlite;

namespace DhtTracer.Hosting;

/// <summary>
/// Opens the archive for commands and for the main process: in a data directory, or in a PostgreSQL database.
/// </summary>
internal static class Archive
{
    /// <summary>Opens it read-only. A main process may be writing at the same time.</summary>
    /// <param name="data">Data directory, or database.</param>
    /// <param name="cancellation">Cancels opening.</param>
    public static Task<TraceStore> OpenForReadingAsync(string data, CancellationToken cancellation) =>
        OpenAsync(data, readOnly: true, cancellation);

    /// <summary>Opens it for writing if it exists, for commands that have nothing to do in a new one.</summary>
    /// <exception cref="DatabaseException">It does not exist, or cannot be opened.</exception>
    public static async Task<TraceStore> OpenExistingAsync(string data, CancellationToken cancellation)
    {
        if (PostgresConnection.IsConnection(data))
        {
            // Opening for reading says what is missing, and the remedy.
            await (await OpenForReadingAsync(data, cancellation)).DisposeAsync();
            return await OpenAsync(data, cancellation);
        }

        return await (
            File.Exists(new SqliteOptions { Directory = data }.FilePath)
                ? OpenAsync(data, cancellation)
                : OpenForReadingAsync(data, cancellation)
        );
    }

    /// <summary>Opens it for writing; creates it if missing.</summary>
    public static Task<TraceStore> OpenAsync(string data, CancellationToken cancellation) => OpenAsync(data, readOnly: false, cancellation);

    /// <summary>The connection string of a database, with the password of the secret file if one is named.</summary>
    /// <exception cref="FormatException">It cannot be read, or holds a password.</exception>
    public static string ConnectionOf(string data) =>
        PostgresConnection.Parse(data, Environment.GetEnvironmentVariable(PostgresConnection.PasswordFileVariable));

    private static async Task<TraceStore> OpenAsync(string data, bool readOnly, CancellationToken cancellation) =>
        PostgresConnection.IsConnection(data)
            ? await PostgresTraceStore.OpenAsync(
                new PostgresOptions { ConnectionString = ConnectionOf(data), ReadOnly = readOnly },
                TraceReconstruction.Reconstruct,
                cancellationToken: cancellation
            )
            : await SqliteTraceStore.OpenAsync(
                new SqliteOptions { Directory = data, ReadOnly = readOnly },
                TraceReconstruction.Reconstruct,
                cancellationToken: cancellation
            );
}
