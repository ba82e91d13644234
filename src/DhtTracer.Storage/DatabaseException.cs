namespace DhtTracer.Storage;

/// <summary>What is wrong with the database.</summary>
public enum DatabaseProblem
{
    /// <summary>Anything that the other members do not name.</summary>
    Other = 0,

    /// <summary>There is no database in the data directory.</summary>
    NotFound = 1,

    /// <summary>A newer version of the program wrote it.</summary>
    NewerSchema = 2,

    /// <summary>An older version wrote it and it was opened for reading only, which cannot migrate it.</summary>
    OlderSchema = 3,

    /// <summary>The file is no SQLite database, or one of another program.</summary>
    NotADatabase = 4,

    /// <summary>Another process is writing and did not finish in time.</summary>
    Locked = 5,

    /// <summary>The disk is full.</summary>
    DiskFull = 6,

    /// <summary>The directory or file may not be written or read.</summary>
    AccessDenied = 7,

    /// <summary>The file is damaged.</summary>
    Corrupt = 8,
}

/// <summary>The database cannot be opened, read or written. The message says which file and what to do.</summary>
public sealed class DatabaseException : Exception
{
    /// <summary>Makes one.</summary>
    public DatabaseException(DatabaseProblem problem, string message, Exception? innerException = null)
        : base(message, innerException) => Problem = problem;

    /// <summary>What is wrong.</summary>
    public DatabaseProblem Problem { get; }

    /// <summary>Whether the same write may succeed later without anybody doing anything.</summary>
    public bool IsTransient => Problem is DatabaseProblem.Locked or DatabaseProblem.DiskFull;
}

/// <summary>Too many bytes already wait for the writer. Nothing was stored; send the same spans again later.</summary>
public sealed class StoreOverloadedException : Exception
{
    /// <summary>Makes one.</summary>
    public StoreOverloadedException(long pendingBytes)
        : base($"{pendingBytes} bytes of spans already wait for the database; send these again later.") => PendingBytes = pendingBytes;

    /// <summary>Bytes that wait.</summary>
    public long PendingBytes { get; }
}
