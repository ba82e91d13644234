using System.Globalization;

namespace DhtTracer.Storage;

/// <summary>What is wrong with the database.</summary>
public enum DatabaseProblem
{
    /// <summary>Any other problem.</summary>
    Other = 0,

    /// <summary>There is no database in the data directory.</summary>
    NotFound = 1,

    /// <summary>A newer version of the program wrote the database.</summary>
    NewerSchema = 2,

    /// <summary>An older version wrote the database, and it was opened read-only, so it cannot be migrated.</summary>
    OlderSchema = 3,

    /// <summary>The file is not an SQLite database, or belongs to another program.</summary>
    NotADatabase = 4,

    /// <summary>Another process is writing and did not finish in time.</summary>
    Locked = 5,

    DiskFull = 6,

    /// <summary>Access to the directory or file is denied.</summary>
    AccessDenied = 7,

    /// <summary>The file is damaged.</summary>
    Corrupt = 8,

    /// <summary>The server of the database cannot be reached, or is starting or stopping.</summary>
    Unavailable = 9,
}

/// <summary>The database cannot be opened, read or written. The message names the file and the remedy.</summary>
public sealed class DatabaseException : Exception
{
    /// <summary>Creates the exception.</summary>
    public DatabaseException(DatabaseProblem problem, string message, Exception? innerException = null)
        : base(message, innerException) => Problem = problem;

    /// <summary>What is wrong.</summary>
    public DatabaseProblem Problem { get; }

    /// <summary>Whether the same write may succeed later without any intervention.</summary>
    public bool IsTransient => Problem is DatabaseProblem.Locked or DatabaseProblem.DiskFull or DatabaseProblem.Unavailable;
}

/// <summary>Too many bytes are waiting for the writer. Nothing was stored; send the same spans again later.</summary>
public sealed class StoreOverloadedException : Exception
{
    /// <summary>Creates the exception.</summary>
    public StoreOverloadedException(long pendingBytes)
        : base($"{pendingBytes} bytes of spans already wait for the database; send these again later.") => PendingBytes = pendingBytes;

    /// <summary>Creates the exception for spans that waited too long.</summary>
    public StoreOverloadedException(long pendingBytes, TimeSpan waited)
        : base(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The database took no spans for {waited.TotalSeconds:0.##} s, and {pendingBytes} bytes wait: send these again later."
            )
        ) => PendingBytes = pendingBytes;

    /// <summary>Bytes waiting for the writer.</summary>
    public long PendingBytes { get; }
}
