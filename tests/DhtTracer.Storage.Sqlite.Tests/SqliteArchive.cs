using DhtTracer.Analysis;
using DhtTracer.Storage.Contract;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Tests;

/// <summary>An archive in an SQLite file of its own.</summary>
internal sealed class SqliteArchive : TestArchive
{
    private readonly DataDirectory _data = new();

    /// <inheritdoc/>
    public override bool PacksFigures => true;

    /// <summary>Opens a file with <see cref="Make.OneQuery"/> as its analysis.</summary>
    public static Task<SqliteTraceStore> OpenAsync(SqliteOptions options, TimeProvider? clock = null) =>
        SqliteTraceStore.OpenAsync(options, Make.OneQuery, clock);

    /// <inheritdoc/>
    public override async Task<TraceStore> OpenAsync(Func<IReadOnlyList<Span>, ReconstructedTrace> reconstruct, TimeProvider? clock) =>
        await SqliteTraceStore.OpenAsync(_data.Options, reconstruct, clock);

    /// <inheritdoc/>
    public override Task<long> BytesAsync(TraceStore store) => Task.FromResult(new FileInfo(store.Location).Length);

    /// <inheritdoc/>
    public override Task BeginBlockAsync(TraceStore store) =>
        ((SqliteTraceStore)store).WriteAsync(
            static session =>
            {
                session["UPDATE sqlite_sequence SET seq = (seq / 4096 + 1) * 4096 WHERE name = 'dht_operation'"].Run();
                return true;
            },
            0,
            CancellationToken.None
        );

    /// <inheritdoc/>
    public override async Task CheckShrunkAsync(TraceStore store, long before)
    {
        // Until the write-ahead log is copied into it, the file keeps its size.
        await using (var connection = new SqliteConnection($"Data Source={store.Location};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(PASSIVE)";
            await command.ExecuteScalarAsync();
        }

        Assert.InRange(new FileInfo(store.Location).Length, 1, before * 6 / 10);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _data.Dispose();
        return default;
    }
}
