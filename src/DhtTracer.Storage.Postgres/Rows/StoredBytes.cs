namespace DhtTracer.Storage.Postgres.Rows;

/// <summary>
/// What rows need on the disk, with their index entries, in bytes. Retention by size adds these up: the space that PostgreSQL takes from
/// the file system shrinks only when a whole day goes, and deleted rows are used again before.
/// </summary>
internal static class StoredBytes
{
    /// <summary>A trace, its row for Jaeger's services and the overhead of its packed spans.</summary>
    public const int Trace = 900;

    /// <summary>An operation, without the peers that it met.</summary>
    public const int Operation = 1_400;

    /// <summary>A query, without its packed peers.</summary>
    public const int Query = 1_000;

    /// <summary>A peer that an operation met.</summary>
    public const int Peer = 170;
}
