using Npgsql;
using NpgsqlTypes;

namespace DhtTracer.Storage.Postgres.Connections;

/// <summary>Writes rows with binary COPY. Values come in the order of the columns.</summary>
internal sealed class CopyRows : IDisposable
{
    private readonly NpgsqlBinaryImporter _importer;

    /// <summary>Starts a COPY.</summary>
    /// <param name="connection">A connection inside a transaction. Nothing else may use it before <see cref="Complete"/>.</param>
    /// <param name="table">The table with its columns: <c>inbox (no, data)</c>.</param>
    public CopyRows(NpgsqlConnection connection, string table) =>
        _importer = connection.BeginBinaryImport($"COPY {table} FROM STDIN (FORMAT BINARY)");

    /// <summary>Starts a row.</summary>
    public CopyRows Row()
    {
        _importer.StartRow();
        return this;
    }

    public CopyRows Long(long value)
    {
        _importer.Write(value, NpgsqlDbType.Bigint);
        return this;
    }

    public CopyRows Long(long? value) => value is { } known ? Long(known) : Null();

    public CopyRows Int(int value)
    {
        _importer.Write(value, NpgsqlDbType.Integer);
        return this;
    }

    public CopyRows Int(int? value) => value is { } known ? Int(known) : Null();

    public CopyRows Short(int value)
    {
        _importer.Write((short)value, NpgsqlDbType.Smallint);
        return this;
    }

    public CopyRows Short(int? value) => value is { } known ? Short(known) : Null();

    public CopyRows Flag(bool value) => Short(value ? 1 : 0);

    /// <summary>A text out of a span.</summary>
    public CopyRows Text(string? value)
    {
        if (value is null)
        {
            return Null();
        }

        _importer.Write(PostgresText.Of(value), NpgsqlDbType.Text);
        return this;
    }

    public CopyRows Bytes(ReadOnlyMemory<byte> value)
    {
        _importer.Write(value, NpgsqlDbType.Bytea);
        return this;
    }

    public CopyRows Bytes(byte[]? value)
    {
        if (value is null)
        {
            return Null();
        }

        _importer.Write(value, NpgsqlDbType.Bytea);
        return this;
    }

    public CopyRows Longs(long[]? value)
    {
        if (value is null)
        {
            return Null();
        }

        _importer.Write(value, NpgsqlDbType.Array | NpgsqlDbType.Bigint);
        return this;
    }

    public CopyRows Day(DateOnly value)
    {
        _importer.Write(value, NpgsqlDbType.Date);
        return this;
    }

    public CopyRows Null()
    {
        _importer.WriteNull();
        return this;
    }

    /// <summary>Ends the COPY. Without it, <see cref="Dispose"/> takes the rows back.</summary>
    public void Complete() => _importer.Complete();

    public void Dispose() => _importer.Dispose();
}
