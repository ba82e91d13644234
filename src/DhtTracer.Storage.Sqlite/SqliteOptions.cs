namespace DhtTracer.Storage.Sqlite;

/// <summary>Where the database is and how it is opened.</summary>
public sealed record SqliteOptions
{
    /// <summary>Name of the database file inside <see cref="Directory"/>.</summary>
    public const string FileName = "dht-tracer.db";

    /// <summary>The data directory. Created with mode 0700 if missing.</summary>
    /// <value>The default is <c>./data</c>.</value>
    public string Directory { get; init; } = "data";

    /// <summary>Opens an existing database read-only, as the command line does while the main process runs.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>How long to wait while another process is writing.</summary>
    /// <value>The default is 10 seconds.</value>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Maximum bytes of spans waiting for the writer. Beyond it, <see cref="StoreOverloadedException"/> is thrown.</summary>
    /// <value>The default is 128 MiB.</value>
    public long MaxPendingBytes { get; init; } = 128L << 20;

    /// <summary>Maximum number of concurrent readers.</summary>
    /// <value>The default is 8.</value>
    public int MaxReaders { get; init; } = 8;

    /// <summary>Full path of the database file.</summary>
    public string FilePath => Path.Combine(Path.GetFullPath(Directory), FileName);
}
