using Dapper;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Packed;
using DhtTracer.Storage.Traces;
using DhtTracer.Storage.Upkeep;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.Upkeep;

/// <summary>Upkeep of the archive in one SQLite file.</summary>
/// <param name="store">The archive.</param>
/// <param name="database">Its database.</param>
/// <param name="clock">Tells when something was deleted or pinned.</param>
internal sealed class SqliteUpkeep(SqliteTraceStore store, SqliteDatabase database, TimeProvider clock) : ArchiveUpkeep
{
    private const int MarkedAtOnce = 5_000;

    private static readonly string SetVersion = $"PRAGMA user_version = {SqliteDatabase.SchemaVersion}";

    /// <inheritdoc/>
    public override async Task<long> DeleteOlderThanAsync(DateTimeOffset before, CancellationToken cancellationToken = default)
    {
        var beforeNs = (before - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        var deleted = 0L;
        while (true)
        {
            var (batch, done, stale) = await store.WriteAsync(
                session => Retention.DeleteBatch(session, beforeNs, Nanoseconds.Now(clock)),
                0,
                cancellationToken
            );
            deleted += batch;
            store.Arrivals.Publish(stale);
            if (done)
            {
                break;
            }
        }

        await SettleAsync(deleted, cancellationToken);
        return deleted;
    }

    /// <inheritdoc/>
    public override async Task<SizeRetention> DeleteOldestAsync(long maxBytes, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBytes, 1);
        var deleted = 0L;
        while (true)
        {
            var (batch, bytes, done, stale) = await store.WriteAsync(
                session => Retention.DeleteBatchOver(session, maxBytes, Nanoseconds.Now(clock)),
                0,
                cancellationToken
            );
            deleted += batch;
            store.Arrivals.Publish(stale);
            if (done)
            {
                await SettleAsync(deleted, cancellationToken);
                return new SizeRetention(deleted, bytes);
            }
        }
    }

    /// <inheritdoc/>
    public override Task CheckWriteAsync(CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            // The same number again: SQLite writes the first page, and the commit waits for the disk.
            static session =>
                session[SetVersion].RunScalar(),
            0,
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<bool> PinAsync(TraceId traceId, bool pinned, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            session =>
            {
                var trace = session["SELECT no FROM trace WHERE trace_id = ?1"].Bind(1, traceId.ToBytes()).RunScalar();
                if (trace is null)
                {
                    return false;
                }

                if (pinned)
                {
                    session["INSERT OR IGNORE INTO pin VALUES (?1, ?2)"].Bind(1, trace).Bind(2, Nanoseconds.Now(clock)).Run();
                }
                else
                {
                    session["DELETE FROM pin WHERE trace = ?1"].Bind(1, trace).Run();
                }

                return true;
            },
            0,
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<bool> IsPinnedAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        database.Readers.ReadAsync(
            connection =>
                connection.ExecuteScalar<bool>(
                    "SELECT EXISTS (SELECT 1 FROM pin JOIN trace t ON t.no = pin.trace WHERE t.trace_id = @id)",
                    new { id = traceId.ToBytes() }
                ),
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<IReadOnlyList<TraceId>> ListPinnedAsync(CancellationToken cancellationToken = default) =>
        database.Readers.ReadAsync<IReadOnlyList<TraceId>>(
            static connection =>
                [
                    .. connection
                        .Query<byte[]>("SELECT t.trace_id FROM pin JOIN trace t ON t.no = pin.trace ORDER BY pinned_ns DESC, t.no DESC")
                        .Select(static id => TraceId.FromBytes(id)),
                ],
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<long> BackUpAsync(
        string file,
        IProgress<UpkeepProgress>? progress = null,
        CancellationToken cancellationToken = default
    ) => DatabaseCopy.WriteAsync(database, Path.GetFullPath(file), progress, cancellationToken);

    /// <inheritdoc/>
    public override Task<CheckReport> CheckAsync(
        CheckOptions options,
        Func<TraceContent, TraceAnalysis> analyse,
        IProgress<UpkeepProgress>? progress = null,
        CancellationToken cancellationToken = default
    ) => new ArchiveCheck(store, database, options, analyse, progress).RunAsync(cancellationToken);

    /// <inheritdoc/>
    public override async Task<CompactionResult> CompactAsync(CancellationToken cancellationToken = default)
    {
        await store.WriteAsync(
            static session =>
            {
                PeerIndex.MoveWhenMany(session, 0);
                return true;
            },
            0,
            cancellationToken
        );
        var before = database.FileBytes();
        await database.RunAloneAsync(
            static connection =>
            {
                connection.Execute("PRAGMA optimize");
                connection.Execute("VACUUM");
                connection.ExecuteScalar("PRAGMA wal_checkpoint(TRUNCATE)");
            },
            cancellationToken
        );
        return new CompactionResult(before, database.FileBytes());
    }

    /// <inheritdoc/>
    public override async Task<long> MarkForAnalysisAsync(CancellationToken cancellationToken = default)
    {
        var (after, marked) = (0L, 0L);
        while (true)
        {
            var (last, traces) = await store.WriteAsync(session => Mark(session, after), 0, cancellationToken);
            marked += traces.Count;
            store.Arrivals.Publish(traces);
            if (last is null)
            {
                return marked;
            }

            after = last.Value;
        }
    }

    private static (long? Last, List<TraceId> Marked) Mark(WriteSession session, long after)
    {
        var last = session["SELECT max(no) FROM (SELECT no FROM trace WHERE no > ?1 ORDER BY no LIMIT ?2)"]
            .Bind(1, after)
            .Bind(2, MarkedAtOnce)
            .RunScalar();
        if (last is null)
        {
            return (null, []);
        }

        var marked = new List<TraceId>();
        var update = session["UPDATE trace SET stale = 1 WHERE no > ?1 AND no <= ?2 AND analysis_version > 0 RETURNING trace_id"]
            .Bind(1, after)
            .Bind(2, last);
        while (update.Step())
        {
            marked.Add(TraceId.FromBytes(update.GetBlob(0)));
        }

        update.Reset();
        return (last, marked);
    }

    private async Task SettleAsync(long deleted, CancellationToken cancellationToken)
    {
        if (deleted == 0)
        {
            return;
        }

        store.Changes.Publish([]);
        while (await store.WriteAsync(Retention.HandBack, 0, cancellationToken)) { }
    }
}
