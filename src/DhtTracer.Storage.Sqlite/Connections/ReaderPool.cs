using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace DhtTracer.Storage.Sqlite.Connections;

/// <summary>
/// Connections for reading. Each read sees one consistent state of the database, runs off the caller's thread and stops when cancelled.
/// </summary>
internal sealed class ReaderPool(Func<SqliteConnection> open, string path, int maxReaders) : IDisposable
{
    private readonly ConcurrentBag<SqliteConnection> _idle = [];
#pragma warning disable CA2213 // A read that still runs gives its place back after Dispose; without a wait handle there is nothing to free.
    private readonly SemaphoreSlim _places = new(maxReaders);
#pragma warning restore CA2213
    private volatile bool _disposed;

    /// <summary>Runs a read inside one transaction.</summary>
    /// <exception cref="DatabaseException">The database could not be read.</exception>
    public async Task<T> ReadAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(TraceStore));
        await _places.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => Read(read, cancellationToken), cancellationToken);
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryTake(out var connection))
        {
            connection.Dispose();
        }
    }

    private T Read<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken)
    {
        SqliteConnection? connection = null;
        try
        {
            if (!_idle.TryTake(out connection))
            {
                connection = open();
            }

            T result;
            using (cancellationToken.UnsafeRegister(static handle => raw.sqlite3_interrupt((sqlite3)handle!), connection.Handle))
            using (connection.BeginTransaction(deferred: true))
            {
                result = read(connection);
            }

            Return(connection);
            connection = null;
            return result;
        }
        catch (SqliteException error) when (error.SqliteErrorCode == raw.SQLITE_INTERRUPT && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The read was cancelled.", error, cancellationToken);
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.From(error, path);
        }
        finally
        {
            connection?.Dispose();
        }
    }

    private void Return(SqliteConnection connection)
    {
        _idle.Add(connection);
        if (_disposed && _idle.TryTake(out var late))
        {
            late.Dispose();
        }
    }
}
