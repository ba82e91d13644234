using System.Buffers;
using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Sqlite.Blocks;
using DhtTracer.Storage.Sqlite.Connections;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Statistics;

/// <summary>
/// Reads what the operations that pass a filter did with each peer, block by block: the stored sums where all operations of a block pass,
/// else sums over the rows of those that do.
/// </summary>
internal sealed class PeerScan(SqliteConnection connection, QueryFilter filter) : IPeerScan, IDisposable
{
    private readonly Statement _stored = PeerBlockRows.SelectColumn(connection);

    /// <inheritdoc/>
    INumberedStrings IPeerScan.Texts => Texts;

    /// <inheritdoc/>
    INumberedStrings IPeerScan.Peers => Peers;

    /// <summary>The table of texts.</summary>
    public NumberedStrings Texts { get; } = new(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);

    /// <summary>The table of peers.</summary>
    public NumberedStrings Peers { get; } = new(connection, "SELECT id FROM peer WHERE no = ?1", PeerTable.Read);

    /// <summary>The number of a peer; null if no trace has it.</summary>
    public long? Find(string peer) => PeerTable.Find(connection, peer);

    /// <summary>Operations that passed in the last <see cref="Read"/>.</summary>
    public int Operations { get; private set; }

    /// <summary>The sums, in some order. A peer can be in each of them.</summary>
    public IEnumerable<PeerBlock> Read(CancellationToken cancellationToken)
    {
        Operations = 0;
        using var scan = new BlockScan(connection, filter);
        foreach (var (block, rows) in scan.Read(BlockScan.Blocks(connection), cancellationToken))
        {
            Operations += rows.Length;
            foreach (var background in (bool[])[false, true])
            {
                var (numbers, isWhole) = Counted(block, rows, background);
                if (numbers.Length > 0)
                {
                    yield return isWhole && block.IsStored
                        ? PeerBlock.Stored(block.Number, background, PeerBlockRows.Read(_stored))
                        : PeerBlockRows.Build(connection, Texts, block.Number, background, isWhole ? null : numbers);
                }
            }
        }
    }

    public void Dispose()
    {
        _stored.Dispose();
        Texts.Dispose();
        Peers.Dispose();
    }

    // The operations that met peers: a skipped one had nobody to ask.
    private static (long[] Numbers, bool IsWhole) Counted(OperationBlock block, ReadOnlyMemory<int> rows, bool background)
    {
        var values = ArrayPool<long>.Shared.Rent(OperationBlock.Size);
        var counts = new bool[block.Count];
        block.Read(BlockColumn.Background, values);
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = values[i] != 0 == background;
        }

        block.Read(BlockColumn.Skipped, values);
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] &= values[i] == 0;
        }

        block.Read(BlockColumn.Number, values);
        var numbers = new List<long>(rows.Length);
        foreach (var row in rows.Span)
        {
            if (counts[row])
            {
                numbers.Add(values[row]);
            }
        }

        ArrayPool<long>.Shared.Return(values);
        return ([.. numbers], numbers.Count == counts.AsSpan().Count(true));
    }
}
