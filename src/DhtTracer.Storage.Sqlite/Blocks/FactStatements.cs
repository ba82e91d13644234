using DhtTracer.Storage.Columns;
using DhtTracer.Storage.Sqlite.Connections;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>Reads stored columns of facts, each with a statement of its own, so that several can be looked at side by side.</summary>
internal sealed class FactStatements(SqliteConnection connection) : IFactColumns, IDisposable
{
    private readonly Statement?[] _statements = new Statement?[64];
    private readonly long[] _at = new long[64];

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(long block, FactColumn column)
    {
        var number = FactBlock.ColumnNumber(block, column);
        ref var statement = ref _statements[(int)column];
        if (statement is null || _at[(int)column] != number)
        {
            statement ??= new Statement(connection, "SELECT data FROM peer_fact_column WHERE no = ?1");
            statement.Reset();
            _at[(int)column] = number;
            if (!statement.Bind(1, number).Step())
            {
                _at[(int)column] = -1;
                throw new InvalidDataException($"The database is damaged: column {column} of the facts of block {block} is not there.");
            }
        }

        return statement.GetBlob(0);
    }

    public void Dispose()
    {
        foreach (var statement in _statements)
        {
            statement?.Dispose();
        }
    }
}
