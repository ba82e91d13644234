using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace DhtTracer.Storage.Sqlite.Connections;

/// <summary>
/// A prepared statement on SQLite's native API. ADO.NET allocates and boxes each parameter of each row. That costs more than SQLite's
/// insert, and a query writes about fifty rows.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _handle;

    public Statement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle ?? throw new InvalidOperationException("The connection is closed.");
        Check(raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _handle));
    }

    /// <summary>Binds the parameter at a position. The first position is 1.</summary>
    public Statement Bind(int position, long value)
    {
        Check(raw.sqlite3_bind_int64(_handle, position, value));
        return this;
    }

    public Statement Bind(int position, long? value)
    {
        Check(value is { } number ? raw.sqlite3_bind_int64(_handle, position, number) : raw.sqlite3_bind_null(_handle, position));
        return this;
    }

    public Statement Bind(int position, string? value)
    {
        Check(value is null ? raw.sqlite3_bind_null(_handle, position) : raw.sqlite3_bind_text(_handle, position, value));
        return this;
    }

    public Statement Bind(int position, ReadOnlySpan<byte> value)
    {
        // A null pointer would bind NULL, so an empty blob is bound as a zero blob.
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(_handle, position, 0) : raw.sqlite3_bind_blob(_handle, position, value));
        return this;
    }

    public Statement BindNull(int position)
    {
        Check(raw.sqlite3_bind_null(_handle, position));
        return this;
    }

    /// <summary>Moves to the next row; false if there is none. Call <see cref="Reset"/> after the last.</summary>
    public bool Step()
    {
        var result = raw.sqlite3_step(_handle);
        if (result is raw.SQLITE_ROW)
        {
            return true;
        }

        if (result is raw.SQLITE_DONE)
        {
            return false;
        }

        // The reset clears the error message, but without the reset the statement keeps its locks.
        try
        {
            Check(result);
        }
        finally
        {
            raw.sqlite3_reset(_handle);
        }

        return false;
    }

    /// <summary>Runs a statement that returns nothing.</summary>
    public void Run()
    {
        while (Step()) { }

        Reset();
    }

    /// <summary>Runs a statement that returns at most one integer.</summary>
    public long? RunScalar()
    {
        long? value = Step() && !IsNull(0) ? GetInt64(0) : null;
        Reset();
        return value;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(_handle, column) == raw.SQLITE_NULL;

    public bool IsBlob(int column) => raw.sqlite3_column_type(_handle, column) == raw.SQLITE_BLOB;

    public long GetInt64(int column) => raw.sqlite3_column_int64(_handle, column);

    public ReadOnlySpan<byte> GetBlob(int column) => raw.sqlite3_column_blob(_handle, column);

    public void Reset() => raw.sqlite3_reset(_handle);

    public void Dispose() => _handle.Dispose();

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            SqliteException.ThrowExceptionForRC(result, _database);
        }
    }
}
