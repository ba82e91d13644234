using System.Collections.Concurrent;
using System.Globalization;
using DhtTracer.Analysis;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Storage;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Traces.Otlp;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Ingestion.Tests.Analysis;

/// <summary>The database takes the spans, but not what the analysis finds in them.</summary>
public sealed class DatabaseFailureTests
{
    private const string Break = "CREATE TRIGGER broken BEFORE INSERT ON trace_blob BEGIN UPDATE trace SET gone = 1; END";
    private const string Broken = "no such column: gone";
    private const string Mend = "DROP TRIGGER broken";

    // The spans' quiet is longer than any test: only draining makes a trace due.
    private static readonly AnalysisOptions Patient = new()
    {
        QuietPeriod = TimeSpan.FromHours(1),
        LongestWait = TimeSpan.FromHours(1),
        RetryDelay = TimeSpan.FromMilliseconds(1),
        LongestRetryDelay = TimeSpan.FromMilliseconds(4),
        Parallelism = 1,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Draining_ends_with_the_error_when_it_does_not_pass_by_itself()
    {
        await using var host = await IngestHost.StartAsync(analysis: Patient);
        await using var other = await ConnectAsync(host.Store);
        await host.Sink.AcceptAsync([MakeSpans.Span(1, 1)], "test");
        await ExecuteAsync(other, Break);

        var error = await Assert.ThrowsAsync<DatabaseException>(() => host.Worker.DrainAsync(Cancel));
        Assert.Equal(DatabaseProblem.Other, error.Problem);
        Assert.Contains(Broken, error.Message, StringComparison.Ordinal);
        Assert.Contains(host.Store.Location, error.Message, StringComparison.Ordinal);
        Assert.Contains("The spans are stored", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_worker_counts_and_tells_failures_and_goes_on_when_the_cause_is_mended()
    {
        await using var host = await IngestHost.StartAsync(analysis: Patient with { QuietPeriod = TimeSpan.Zero });
        await using var other = await ConnectAsync(host.Store);
        Assert.Null(host.Worker.Problem);
        await ExecuteAsync(other, Break);
        await host.Sink.AcceptAsync([MakeSpans.Span(1, 1), MakeSpans.Span(2, 1)], "test");
        await UntilAsync(() => host.Worker.Problem is { Traces: 2 } && host.Worker.DatabaseFailureCount >= 3);
        Assert.False(host.Worker.Problem!.IsTransient);
        Assert.Contains(Broken, host.Worker.Problem.Problem, StringComparison.Ordinal);

        await ExecuteAsync(other, Mend);
        await UntilAsync(() => host.Worker is { Problem: null, PendingCount: 0 });
        Assert.Equal(2, host.Worker.AnalysedCount);
        Assert.Empty(await host.Store.ListPendingAsync(10, Cancel));
    }

    [Fact]
    public async Task The_pause_doubles_up_to_a_limit_and_is_short_again_after_a_success()
    {
        var log = new Pauses();
        await using var host = await IngestHost.StartAsync(analysis: Patient with { QuietPeriod = TimeSpan.Zero }, logger: log);
        await using var other = await ConnectAsync(host.Store);
        await ExecuteAsync(other, Break);
        await host.Sink.AcceptAsync([MakeSpans.Span(1, 1)], "test");
        await UntilAsync(() => log.Of(Broken).Count >= 5);
        await ExecuteAsync(other, Mend);
        await UntilAsync(() => host.Worker is { Problem: null, PendingCount: 0 });
        Assert.Equal([0.001, 0.002, 0.004, 0.004], log.Of(Broken).Take(4));

        log.Clear();
        await ExecuteAsync(other, Break);
        await host.Sink.AcceptAsync([MakeSpans.Span(2, 1)], "test");
        await UntilAsync(() => !log.Of(Broken).IsEmpty);
        Assert.Equal(0.001, log.Of(Broken).First());
        await ExecuteAsync(other, Mend);
    }

    [Fact]
    public async Task Draining_waits_for_a_lock_to_pass_but_not_for_ever()
    {
        await using var host = await IngestHost.StartAsync(
            options: new SqliteOptions { LockTimeout = TimeSpan.FromMilliseconds(10) },
            analysis: Patient with
            {
                DrainPatience = TimeSpan.FromMilliseconds(200),
            }
        );
        await using var other = await ConnectAsync(host.Store);
        await host.Sink.AcceptAsync([MakeSpans.Span(1, 1)], "test");
        await ExecuteAsync(other, "BEGIN IMMEDIATE");

        var error = await Assert.ThrowsAsync<DatabaseException>(() => host.Worker.DrainAsync(Cancel));
        Assert.Equal(DatabaseProblem.Locked, error.Problem);
        Assert.True(host.Worker.Problem!.IsTransient);
        await ExecuteAsync(other, "ROLLBACK");

        await host.Worker.DrainAsync(Cancel);
        Assert.Null(host.Worker.Problem);
        Assert.Equal(1, host.Worker.AnalysedCount);
    }

    [Fact]
    public async Task Draining_ends_with_the_fault_that_ended_the_worker()
    {
        var folder = Directory.CreateTempSubdirectory("dht-tracer-fault-");
        await using (
            var store = await SqliteTraceStore.OpenAsync(
                new SqliteOptions { Directory = folder.FullName, LockTimeout = TimeSpan.FromMilliseconds(10) },
                TraceReconstruction.Reconstruct,
                cancellationToken: Cancel
            )
        )
        {
            // A failure that cannot even be logged is one that nobody foresaw.
            var worker = new AnalysisWorker(store, TraceReconstruction.Reconstruct, Patient, TimeProvider.System, new ClosedLog());
            await store.AppendAsync([new(MakeSpans.Trace(1), OtlpProtobuf.Encode([MakeSpans.Span(1, 1)]), 1)], cancellationToken: Cancel);
            await using var other = await ConnectAsync(store);
            await ExecuteAsync(other, "BEGIN IMMEDIATE");
            var work = worker.RunAsync(Cancel);

            await Assert.ThrowsAsync<NotSupportedException>(() => worker.DrainAsync(Cancel));
            await Assert.ThrowsAsync<NotSupportedException>(() => work);
        }

        folder.Delete(recursive: true);
    }

    private static async Task<SqliteConnection> ConnectAsync(TraceStore store)
    {
        var connection = new SqliteConnection($"Data Source={store.Location};Pooling=False");
        await connection.OpenAsync(Cancel);
        return connection;
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are this file's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            await Task.Delay(5, limit.Token);
        }
    }

    /// <summary>Keeps the pauses that were announced.</summary>
    private sealed class Pauses : ILogger<AnalysisWorker>
    {
        private readonly ConcurrentQueue<(string Error, double Seconds)> _said = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            var values = ((IReadOnlyList<KeyValuePair<string, object?>>)state!).ToDictionary(StringComparer.Ordinal);
            if (values.TryGetValue("Seconds", out var seconds))
            {
                _said.Enqueue(((string)values["Error"]!, Convert.ToDouble(seconds, CultureInfo.InvariantCulture)));
            }
        }

        public ConcurrentQueue<double> Of(string error) =>
            new(_said.Where(said => said.Error.Contains(error, StringComparison.Ordinal)).Select(static said => said.Seconds));

        public void Clear() => _said.Clear();
    }

    /// <summary>Fails at every line.</summary>
    private sealed class ClosedLog : ILogger<AnalysisWorker>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => throw new NotSupportedException("the log is closed");
    }
}
