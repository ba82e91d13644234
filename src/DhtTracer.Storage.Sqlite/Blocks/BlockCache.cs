using DhtTracer.Storage.Columns;

namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>
/// Remembers the columns of a few blocks that were made from rows: those of the last block, to which operations are still added, are
/// needed by every page. A block that changed has another revision and is made again.
/// </summary>
internal sealed class BlockCache
{
    /// <summary>Blocks that are kept, of some megabytes each.</summary>
    private const int Most = 4;

    private readonly Lock _lock = new();
    private readonly LinkedList<Entry> _entries = [];

    /// <summary>The operations of a block, as they are at a revision.</summary>
    /// <param name="number">Number of the block.</param>
    /// <param name="revision">The revision, read in the same transaction in which <paramref name="build"/> reads rows.</param>
    /// <param name="build">Makes them.</param>
    public OperationBlock Operations(long number, long revision, Func<OperationBlock> build)
    {
        lock (_lock)
        {
            for (var node = _entries.First; node is not null; node = node.Next)
            {
                if (node.Value.Operations.Number == number && node.Value.Revision == revision)
                {
                    _entries.Remove(node);
                    _entries.AddFirst(node);
                    return node.Value.Operations;
                }
            }
        }

        var built = build();
        lock (_lock)
        {
            _entries.AddFirst(new Entry(built, revision));
            if (_entries.Count > Most)
            {
                _entries.RemoveLast();
            }
        }

        return built;
    }

    /// <summary>The facts of a block of operations that was made from rows.</summary>
    /// <param name="operations">The block.</param>
    /// <param name="build">Makes them.</param>
    public FactBlock Facts(OperationBlock operations, Func<FactBlock> build)
    {
        Entry? entry = null;
        lock (_lock)
        {
            foreach (var candidate in _entries)
            {
                entry = candidate.Operations == operations ? candidate : entry;
            }

            if (entry?.Facts is { } known)
            {
                return known;
            }
        }

        var built = build();
        if (entry is not null)
        {
            entry.Facts = built;
        }

        return built;
    }

    private sealed record Entry(OperationBlock Operations, long Revision)
    {
        public FactBlock? Facts { get; set; }
    }
}
