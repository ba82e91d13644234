using System.Buffers;
using Dapper;
using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Sqlite.Blocks;
using DhtTracer.Storage.Sqlite.Connections;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Statistics;

/// <summary>
/// Reads what the operations that pass a filter did with each peer, block by block: the stored sums where all operations of a block pass,
/// else sums over the facts of those that do.
/// </summary>
internal sealed class PeerScan(SqliteConnection connection, QueryFilter filter, BlockCache cache) : IPeerScan, IDisposable
{
    private readonly FactStatements _facts = new(connection);
    private readonly Statement _sums = new(connection, "SELECT data FROM peer_block_column WHERE no = ?1");
    private readonly long _cancelled =
        connection.ExecuteScalar<long?>("SELECT no FROM text WHERE value = @text", new { text = ErrorClass.Cancelled }) ?? -1;
    private readonly bool[] _rows = new bool[OperationBlock.Size];

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

    /// <inheritdoc/>
    public long Cancelled => _cancelled;

    /// <summary>Operations that passed in the last <see cref="Read"/>.</summary>
    public int Operations { get; private set; }

    /// <summary>The blocks with operations that pass. A block is valid until the next.</summary>
    public IEnumerable<ScannedPeers> Read(CancellationToken cancellationToken)
    {
        Operations = 0;
        using var scan = new BlockScan(connection, filter, cache);
        var sums = new PeerBlock(ReadSums);
        foreach (var (block, rows) in scan.Read(BlockScan.Blocks(connection), cancellationToken))
        {
            Operations += rows.Length;
            var (foreground, background) = Mark(block, rows.Span);
            if (foreground == Part.None && background == Part.None)
            {
                continue;
            }

            var facts = block.IsStored
                ? new FactBlock(block.Number, _facts)
                : cache.Facts(block, () => FactBlockRows.Build(connection, block));
            yield return new ScannedPeers(facts, sums, Passing(facts), _cancelled)
            {
                Number = block.Number,
                Foreground = foreground,
                Background = background,
                IsSummed = block.IsStored && foreground != Part.Some && background != Part.Some,
            };
        }
    }

    public void Dispose()
    {
        _facts.Dispose();
        _sums.Dispose();
        Texts.Dispose();
        Peers.Dispose();
    }

    private bool ReadSums(long number, out ReadOnlySpan<byte> bytes)
    {
        _sums.Reset();
        var found = _sums.Bind(1, number).Step();
        bytes = found ? _sums.GetBlob(0) : [];
        return found;
    }

    // Marks the operations that count: a skipped one had nobody to ask.
    private (Part Foreground, Part Background) Mark(OperationBlock block, ReadOnlySpan<int> rows)
    {
        var background = ArrayPool<long>.Shared.Rent(OperationBlock.Size);
        var skipped = ArrayPool<long>.Shared.Rent(OperationBlock.Size);
        block.Read(BlockColumn.Background, background);
        block.Read(BlockColumn.Skipped, skipped);
        Array.Clear(_rows);
        Span<int> all = stackalloc int[2];
        Span<int> marked = stackalloc int[2];
        for (var i = 0; i < block.Count; i++)
        {
            all[background[i] == 0 ? 0 : 1] += skipped[i] == 0 ? 1 : 0;
        }

        foreach (var row in rows)
        {
            _rows[row] = skipped[row] == 0;
            marked[background[row] == 0 ? 0 : 1] += skipped[row] == 0 ? 1 : 0;
        }

        ArrayPool<long>.Shared.Return(background);
        ArrayPool<long>.Shared.Return(skipped);
        return (PartOf(marked[0], all[0]), PartOf(marked[1], all[1]));
    }

    private static Part PartOf(int marked, int all) =>
        marked == 0 ? Part.None
        : marked == all ? Part.All
        : Part.Some;

    // The queries of the operations that count.
    private Func<bool[]> Passing(FactBlock facts) =>
        () =>
        {
            var operations = facts[FactColumn.QueryOperation];
            var passes = new bool[operations.Count];
            for (var query = 0; query < passes.Length; query++)
            {
                passes[query] = _rows[operations[query]];
            }

            return passes;
        };
}
