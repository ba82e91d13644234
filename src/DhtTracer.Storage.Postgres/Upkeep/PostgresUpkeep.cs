using Dapper;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Traces;
using DhtTracer.Storage.Upkeep;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Postgres.Upkeep;

/// <summary>Upkeep of the archive on PostgreSQL.</summary>
/// <param name="store">The archive.</param>
/// <param name="clock">Tells when something was deleted or pinned.</param>
internal sealed class PostgresUpkeep(PostgresTraceStore store, TimeProvider clock) : ArchiveUpkeep
{
    private const int MarkedAtOnce = 5_000;

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
            // A message in the log of the server, which no table holds; the commit waits for the disk.
            session => session.Connection.Execute("SELECT pg_logical_emit_message(true, 'dht-tracer', 'check')"),
            0,
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<bool> PinAsync(TraceId traceId, bool pinned, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            session =>
            {
                session.Flush();
                return session.Connection.Execute(
                        pinned
                            ? "UPDATE trace SET pinned_ns = coalesce(pinned_ns, @now) WHERE hash = @hash AND trace_id = @id"
                            : "UPDATE trace SET pinned_ns = NULL WHERE hash = @hash AND trace_id = @id",
                        new
                        {
                            now = Nanoseconds.Now(clock),
                            hash = TraceKey.Hash(traceId),
                            id = traceId.ToBytes(),
                        }
                    ) > 0;
            },
            0,
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<bool> IsPinnedAsync(TraceId traceId, CancellationToken cancellationToken = default) =>
        store.ReadAsync(
            connection =>
                connection.ExecuteScalar<bool>(
                    "SELECT EXISTS (SELECT 1 FROM trace WHERE hash = @hash AND trace_id = @id AND pinned_ns IS NOT NULL)",
                    new { hash = TraceKey.Hash(traceId), id = traceId.ToBytes() }
                ),
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<IReadOnlyList<TraceId>> ListPinnedAsync(CancellationToken cancellationToken = default) =>
        store.ReadAsync<IReadOnlyList<TraceId>>(
            static connection =>
                [
                    .. connection
                        .Query<byte[]>("SELECT trace_id FROM trace WHERE pinned_ns IS NOT NULL ORDER BY pinned_ns DESC, no DESC")
                        .Select(static id => TraceId.FromBytes(id)),
                ],
            cancellationToken
        );

    /// <inheritdoc/>
    public override Task<long> BackUpAsync(
        string file,
        IProgress<UpkeepProgress>? progress = null,
        CancellationToken cancellationToken = default
    ) =>
        throw new DatabaseException(
            DatabaseProblem.Other,
            $"PostgreSQL makes its own backups: pg_dump --format=custom --schema={store.Options.Schema} --file={file} DATABASE, "
                + "with the host and user of the archive. pg_restore reads it."
        );

    /// <inheritdoc/>
    public override Task<CheckReport> CheckAsync(
        CheckOptions options,
        Func<TraceContent, TraceAnalysis> analyse,
        IProgress<UpkeepProgress>? progress = null,
        CancellationToken cancellationToken = default
    ) => new ArchiveCheck(store, options, analyse, progress).RunAsync(cancellationToken);

    /// <inheritdoc/>
    public override async Task<CompactionResult> CompactAsync(CancellationToken cancellationToken = default)
    {
        var before = (await store.CountsAsync(cancellationToken)).FileBytes;
        await store.VacuumAsync(cancellationToken);
        return new CompactionResult(before, (await store.CountsAsync(cancellationToken)).FileBytes);
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
        session.Flush();
        var last = session.Connection.ExecuteScalar<long?>(
            "SELECT max(no) FROM (SELECT no FROM trace WHERE no > @after ORDER BY no LIMIT @MarkedAtOnce) x",
            new { after, MarkedAtOnce }
        );
        if (last is null)
        {
            return (null, []);
        }

        var marked = session.Connection.Query<byte[]>(
            "UPDATE trace SET stale = 1 WHERE no > @after AND no <= @last AND analysis_version > 0 RETURNING trace_id",
            new { after, last }
        );
        return (last, [.. marked.Select(static id => TraceId.FromBytes(id))]);
    }

    private async Task SettleAsync(long deleted, CancellationToken cancellationToken)
    {
        if (deleted == 0)
        {
            return;
        }

        store.Changes.Publish([]);
        try
        {
            var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
            await store.WriteAsync(session => Retention.DropEmptyDays(session, today), 0, cancellationToken);
        }
        catch (DatabaseException error) when (error.Problem == DatabaseProblem.Locked)
        {
            // Somebody reads these days. They go after the next deletion.
        }
    }
}
