using System.Data;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Connections;

/// <summary>
/// Reads. Each sees one consistent state of the database, runs off the caller's thread and stops when cancelled.
/// </summary>
internal sealed class ReaderPool(NpgsqlDataSource source, string location, int maxReaders) : IDisposable
{
#pragma warning disable CA2213 // A read that still runs gives its place back after Dispose; without a wait handle there is nothing to free.
    private readonly SemaphoreSlim _places = new(maxReaders);
#pragma warning restore CA2213
    private volatile bool _disposed;

    /// <summary>Runs a read inside one transaction.</summary>
    /// <exception cref="DatabaseException">The database could not be read.</exception>
    public async Task<T> ReadAsync<T>(Func<NpgsqlConnection, T> read, CancellationToken cancellationToken)
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

    public void Dispose() => _disposed = true;

    private T Read<T>(Func<NpgsqlConnection, T> read, CancellationToken cancellationToken)
    {
        try
        {
            using var connection = source.OpenConnection();
            using var transaction = connection.BeginTransaction(IsolationLevel.RepeatableRead);
            using (cancellationToken.UnsafeRegister(_ => Cancel(connection.ProcessID), null))
            {
                var result = read(connection);
                transaction.Commit();
                return result;
            }
        }
        catch (NpgsqlException error) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The read was cancelled.", error, cancellationToken);
        }
        catch (NpgsqlException error)
        {
            throw PostgresErrors.From(error, location);
        }
    }

    // The registration is disposed before the connection goes to another read, and that waits for this.
    private void Cancel(int process)
    {
        try
        {
            using var connection = source.OpenConnection();
            using var command = new NpgsqlCommand("SELECT pg_cancel_backend($1)", connection);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = process });
            command.ExecuteNonQuery();
        }
        catch (NpgsqlException)
        {
            // Without a connection there is nothing to cancel: the read fails by itself, and says why.
        }
    }
}
