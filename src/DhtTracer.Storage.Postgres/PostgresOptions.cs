namespace DhtTracer.Storage.Postgres;

/// <summary>Where the database is and how it is used.</summary>
public sealed record PostgresOptions
{
    /// <summary>
    /// A connection string of Npgsql, with the password if one is needed. <see cref="PostgresConnection.Parse"/> makes it from what users
    /// write.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>The schema that holds the tables. It is created if it is missing.</summary>
    /// <value>The default is <c>dht_tracer</c>.</value>
    public string Schema { get; init; } = "dht_tracer";

    /// <summary>Opens an existing archive for reading only.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Maximum bytes of spans waiting for the writer. Beyond it, <see cref="StoreOverloadedException"/> is thrown.</summary>
    /// <value>The default is 128 MiB.</value>
    public long MaxPendingBytes { get; init; } = 128L << 20;

    /// <summary>Maximum number of concurrent readers; each uses up to two connections.</summary>
    /// <value>The default is 8.</value>
    public int MaxReaders { get; init; } = 8;
}
