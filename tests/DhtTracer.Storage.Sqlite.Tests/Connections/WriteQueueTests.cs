using Dapper;
using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Inbox;
using DhtTracer.Storage.Pulling;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Tests.Connections;

/// <summary>Many at once, and when the database cannot be written.</summary>
public sealed class WriteQueueTests : IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Writers_and_readers_at_once_lose_nothing_and_see_only_whole_writes()
    {
        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        using var stop = new CancellationTokenSource();
        var torn = 0;
        var readers = Enumerable
            .Range(0, 4)
            .Select(_ =>
                Task.Run(async () =>
                {
                    while (!stop.IsCancellationRequested)
                    {
                        // Each append adds one span to both traces.
                        var counts = (await store.GetTraceAsync(Make.Trace(1))).Count - (await store.GetTraceAsync(Make.Trace(2))).Count;
                        torn += counts > 0 ? 1 : 0;
                    }
                })
            )
            .ToList();
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(writer =>
                    Task.Run(async () =>
                    {
                        for (var i = 1; i <= 25; i++)
                        {
                            var number = (writer * 100) + i;
                            await store.AppendAsync([
                                Make.Chunk(Make.Span(Make.Trace(1), number)),
                                Make.Chunk(Make.Span(Make.Trace(2), number)),
                            ]);
                        }
                    })
                )
        );
        await stop.CancelAsync();
        await Task.WhenAll(readers);

        Assert.Equal(0, torn);
        Assert.Equal(200, (await store.GetTraceAsync(Make.Trace(1))).Count);
        Assert.Equal(200, (await store.GetTraceAsync(Make.Trace(2))).Count);
    }

    [Fact]
    public async Task A_database_locked_by_another_process_fails_in_time_and_works_again_afterwards()
    {
        await using var store = await SqliteArchive.OpenAsync(_data.Options with { LockTimeout = TimeSpan.FromMilliseconds(50) });
        await using var other = Raw();
        await using (var transaction = other.BeginTransaction(deferred: false))
        {
            var error = await Assert.ThrowsAsync<DatabaseException>(() => store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]));
            Assert.Equal(DatabaseProblem.Locked, error.Problem);
            Assert.True(error.IsTransient);
            Assert.Empty(await store.GetTraceAsync(Make.Trace(1)));
        }

        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]);
        Assert.Single(await store.GetTraceAsync(Make.Trace(1)));
    }

    [Fact]
    public async Task While_the_database_is_locked_a_message_is_refused_when_its_patience_ends_and_is_not_stored_later()
    {
        await using var store = await SqliteArchive.OpenAsync(_data.Options with { LockTimeout = TimeSpan.FromMinutes(1) });
        var body = InboxBody.Of([Make.Chunk(Make.Span(Make.Trace(1), 1))]);
        await using var other = Raw();
        await using (var transaction = other.BeginTransaction(deferred: false))
        {
            await Assert.ThrowsAsync<StoreOverloadedException>(() =>
                store.AppendMessagesAsync(body, patience: TimeSpan.FromMilliseconds(50))
            );

            // Its memory counts as long as the writer has it.
            Assert.True(store.PendingBytes > 0);
        }

        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(2), 1))]);
        Assert.Empty(await store.GetTraceAsync(Make.Trace(1)));
        Assert.Single(await store.GetTraceAsync(Make.Trace(2)));
        Assert.Equal(0, store.PendingBytes);
    }

    [Fact]
    public async Task A_full_disk_is_said_and_what_was_stored_before_stays()
    {
        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]);

        // A page limit makes SQLite answer SQLITE_FULL as a full disk does; it holds for the connection that sets it, the writer's.
        await store.WriteAsync(session => session["PRAGMA max_page_count = 1"].RunScalar(), 0, default);
        var random = new Random(1);
        var noise = new byte[200_000];
        random.NextBytes(noise);
        var large = Make.Span(Make.Trace(2), 1) with { Attributes = AttributeList.Of(("noise", new BytesValue([.. noise]))) };
        var error = await Assert.ThrowsAsync<DatabaseException>(() => store.AppendAsync([Make.Chunk(large)]));
        Assert.Equal(DatabaseProblem.DiskFull, error.Problem);
        Assert.True(error.IsTransient);
        Assert.Single(await store.GetTraceAsync(Make.Trace(1)));
        Assert.Equal(1, (await store.CountsAsync()).Traces);

        await store.WriteAsync(session => session["PRAGMA max_page_count = 1000000"].RunScalar(), 0, default);
        await store.AppendAsync([Make.Chunk(large)]);
        Assert.Equal([large], await store.GetTraceAsync(Make.Trace(2)));
    }

    [Fact]
    public async Task One_bad_write_of_a_group_fails_alone()
    {
        await using var store = await SqliteArchive.OpenAsync(_data.Options);

        // They wait together behind a write that takes long, so they share a transaction.
        using var gate = new ManualResetEventSlim();
        var first = store.WriteAsync(session => gate.Wait(TimeSpan.FromSeconds(30)), 0, default);
        var good = store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]);
        var bad = store.WriteAsync<bool>(session => throw new InvalidOperationException("bad"), 0, default);
        var alsoGood = store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(2), 1))]);
        gate.Set();

        await Task.WhenAll(first, good, alsoGood);
        Assert.Equal("bad", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad)).Message);
        Assert.Equal(2, (await store.CountsAsync()).Traces);
    }

    [Fact]
    public async Task More_than_may_wait_is_refused_at_once()
    {
        await using var store = await SqliteArchive.OpenAsync(_data.Options with { MaxPendingBytes = 100 });
        using var gate = new ManualResetEventSlim();
        var first = store.WriteAsync(session => gate.Wait(TimeSpan.FromSeconds(30)), 90, default);
        await Assert.ThrowsAsync<StoreOverloadedException>(() => store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]));
        gate.Set();
        await first;

        // What alone is larger than the limit is taken when nothing else waits.
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]);
        Assert.Single(await store.GetTraceAsync(Make.Trace(1)));
    }

    [Fact]
    public async Task Closing_finishes_what_was_accepted()
    {
        var store = await SqliteArchive.OpenAsync(_data.Options);
        var appends = Enumerable.Range(1, 50).Select(i => store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(i), 1))])).ToList();
        await store.DisposeAsync();
        await Task.WhenAll(appends);
        await using var again = await SqliteArchive.OpenAsync(_data.Options);
        Assert.Equal(50, (await again.CountsAsync()).Traces);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]));
    }

    [Fact]
    public async Task A_checkpoint_is_committed_with_its_spans_or_not_at_all()
    {
        var checkpoint = new PullCheckpoint
        {
            Source = "jaeger://a",
            Service = "kubo",
            CompleteUntilUnixNano = 5,
            UpdatedUnixNano = 6,
            Traces = 7,
            Spans = 8,
            State = "{}",
        };
        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))], checkpoint);
        Assert.Equal([checkpoint], await store.ListCheckpointsAsync());

        await store.WriteAsync(
            session => session.Connection.Execute("CREATE TRIGGER refuse BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'no'); END"),
            0,
            default
        );
        await Assert.ThrowsAsync<DatabaseException>(() =>
            store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 2))], checkpoint with { CompleteUntilUnixNano = 50 })
        );
        Assert.Equal([checkpoint], await store.ListCheckpointsAsync());
    }

    private SqliteConnection Raw()
    {
        var connection = new SqliteConnection($"Data Source={_data.Options.FilePath};Pooling=False");
        connection.Open();
        return connection;
    }
}
