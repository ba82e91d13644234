using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Postgres.Queries;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Rows;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Statistics;

/// <summary>
/// What the operations that pass a filter did with each peer: their rows, some thousand operations at a time, so that memory does not grow
/// with the archive.
/// </summary>
internal sealed class PeerScan(NpgsqlConnection connection, StringTables strings, QueryFilter filter) : IPeerScan
{
    private const int OperationsAtOnce = 4096;
    private readonly ListFilter _where = new(connection, strings, ListTable.Operations, filter);

    /// <inheritdoc/>
    public INumberedStrings Texts => strings.Texts;

    /// <inheritdoc/>
    public INumberedStrings Peers => strings.Peers;

    /// <inheritdoc/>
    public int Operations { get; private set; }

    /// <inheritdoc/>
    public long Cancelled => strings.Texts.Find(ErrorClass.Cancelled) ?? -1;

    /// <summary>The number of a peer; null if no trace has it.</summary>
    public long? Find(string peer) => strings.Peers.Find(peer);

    /// <inheritdoc/>
    public IEnumerable<ScannedPeers> Read(CancellationToken cancellationToken)
    {
        Operations = (int)OperationScan.Count(connection, _where);

        // A skipped operation met nobody.
        using var command = _where.Command(
            connection,
            $"""
            SELECT q.no, x.start_ns, q.decisive IS NOT NULL AND q.decisive = x.span_id, x.peers
            {_where.From} JOIN query x ON x.hash = q.hash AND x.day = q.day AND x.operation = q.no
            WHERE q.skipped = 0 AND x.skipped = 0 {_where.Conditions} ORDER BY q.no, x.no
            """
        );
        using var reader = command.ExecuteReader();
        var builder = new FactBlockBuilder();
        var peers = new List<PackedPeer>();
        var (operations, last) = (0, -1L);
        while (reader.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var operation = reader.GetInt64(0);
            if (operation != last)
            {
                if (operations == OperationsAtOnce)
                {
                    yield return ScannedPeers.OfRows(builder.Build(), Cancelled);
                    (builder, operations) = (new FactBlockBuilder(), 0);
                }

                (last, operations) = (operation, operations + 1);
            }

            peers.Clear();
            PackedPeers.Read(reader.GetFieldValue<byte[]>(3), peers);
            builder.Add(operations - 1, reader.GetInt64(1), reader.GetBoolean(2), peers);
        }

        if (operations > 0)
        {
            yield return ScannedPeers.OfRows(builder.Build(), Cancelled);
        }
    }
}
