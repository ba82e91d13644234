using DhtTracer.Storage.Columns;

namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>
/// The values of a column that pass a filter: from one to another, both included, with all of some bits. As in SQL, an unknown one is in no
/// range.
/// </summary>
internal readonly record struct Condition(BlockColumn Column, long Least, long Greatest, long Bits = 0)
{
    /// <summary>Whether pages have this condition by default, so that most operations pass it.</summary>
    public bool IsUsual => Column is BlockColumn.Background or BlockColumn.Skipped && Greatest == 0;

    /// <summary>Whether a value passes.</summary>
    public bool Keeps(long value) => value >= Least && value <= Greatest && value != ColumnCodec.Unknown && (value & Bits) == Bits;
}
