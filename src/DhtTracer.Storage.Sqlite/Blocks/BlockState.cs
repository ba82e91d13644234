namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>A block, without its columns, as Dapper fills it.</summary>
internal sealed class BlockState
{
    public long Number { get; init; }

    /// <summary>Counts the changes of its operations.</summary>
    public long Revision { get; init; }

    /// <summary>Whether its stored columns show its operations as they are. Without that, the figures below are out of date.</summary>
    public bool IsPacked { get; init; }

    public int Operations { get; init; }

    public long FirstNs { get; init; }

    public long LastNs { get; init; }
}
