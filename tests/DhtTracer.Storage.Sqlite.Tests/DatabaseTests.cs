using System.IO.Compression;
using Dapper;
using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Tests;

public sealed class DatabaseTests : IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task The_data_directory_is_made_for_its_owner_only()
    {
        await using var database = await SqliteDatabase.OpenAsync(_data.Options);
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes");
        }
        else
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_data.Path));
        }
    }

    public static TheoryData<int> PastSchemas() => [.. Enumerable.Range(0, SqliteDatabase.SchemaVersion + 1)];

    [Theory]
    [MemberData(nameof(PastSchemas))]
    public async Task A_database_of_every_past_schema_opens_and_takes_spans(int version)
    {
        WriteSchema(version);
        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        Assert.Equal(SqliteDatabase.SchemaVersion, Scalar<int>("PRAGMA user_version"));
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]);
        await Make.SaveAsync(store, Make.Trace(1), Make.Query(Make.Trace(1), new(1)));
        Assert.Single((await store.ListQueriesAsync(new QueryFilter())).Rows);
    }

    [Fact]
    public async Task Queries_of_an_older_schema_are_operations_at_once_and_say_which_version_found_them()
    {
        WriteSchema(2);
        Execute(
            """
            INSERT INTO trace (trace_id, received_ns, revision, analysis_version, span_count) VALUES
              (x'00000000000000000000000000000001', 1, 1, 3, 3);
            INSERT INTO trace_blob (trace, codec, data) VALUES (1, 1, x'3b');
            INSERT INTO peer (no, hash, id) VALUES (1, 1, 'a'), (2, 2, 'b');
            INSERT INTO query (no, trace, span_id, operation_span_id, type, source, outcome, background, start_ns, duration_ns,
              discovery_ns, first_result_ns, hops) VALUES
              (1, 1, x'0000000000000001', x'00000000000000aa', 1, 2, 5, 0, 100, 50, NULL, NULL, NULL),
              (2, 1, x'0000000000000002', x'00000000000000aa', 1, 2, 1, 0, 110, 80, 60, 55, 2),
              (3, 1, x'0000000000000003', x'0000000000000003', 2, 2, 2, 1, 500, 7, NULL, NULL, 1);
            INSERT INTO query_peers VALUES (1, x''), (2, x''), (3, x'');
            INSERT INTO peer_query VALUES (1, 100, 1), (1, 110, 2), (2, 500, 3);
            UPDATE total SET traces = 1, queries = 3;
            """
        );
        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        var rows = (await store.ListOperationsAsync(new QueryFilter { Background = null })).Rows;
        Assert.Equal(2, rows.Count);
        var dual = rows[1];
        Assert.Equal(
            (QueryOutcome.Success, 100UL, 90L, 70L, 3),
            (
                dual.Operation.Outcome,
                dual.Operation.StartUnixNano,
                dual.Operation.DurationNs!.Value,
                dual.Operation.DiscoveryNs!.Value,
                dual.Operation.AnalysisVersion!.Value
            )
        );
        Assert.Equal(2, dual.Queries.Length);
        Assert.Equal(new SpanId(2), dual.Decisive!.Id.SpanId);
        Assert.Equal(65, Assert.Single(await store.ListOperationFactsAsync(new QueryFilter())).FirstResultNs);
        Assert.Equal(
            2,
            Scalar<int>("SELECT count(*) FROM peer_operation p JOIN dht_operation o ON o.no = p.operation AND o.start_ns = p.start_ns")
        );
        Assert.Equal(2, Scalar<int>("SELECT count(*) FROM peer_operation"));
        Assert.Equal(
            (2L, 3L, 1L),
            ((await store.CountsAsync()).Operations, (await store.CountsAsync()).Queries, await store.CountAnalysedBeforeAsync(4))
        );
    }

    [Fact]
    public async Task Spans_that_waited_in_an_older_schema_still_wait_and_are_analysed_with_those_stored_before()
    {
        WriteSchema(7);
        var trace = Make.Trace(1);
        var spans = new[] { Make.Span(trace, 1), Make.Span(trace, 2), Make.Span(trace, 3) };
        using (var connection = Raw())
        {
            static byte[] Packed(Span span) => Brotli(OtlpProtobuf.Encode([span]));
            connection.Execute(
                """
                INSERT INTO trace (no, trace_id, received_ns, revision, analysis_version, span_count) VALUES (7, @id, 5, 1, 1, 1);
                INSERT INTO trace_blob (trace, codec, data) VALUES (7, 1, @first);
                INSERT INTO chunk (no, trace, received_ns, span_count, raw_bytes, codec, data) VALUES
                  (41, 7, 6, 1, 9, 1, @second), (43, 7, 8, 1, 9, 1, @third);
                UPDATE total SET traces = 1, spans = 1;
                """,
                new
                {
                    id = trace.ToBytes(),
                    first = Packed(spans[0]),
                    second = Packed(spans[1]),
                    third = Packed(spans[2]),
                }
            );
        }

        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        Assert.Equal(spans, await store.GetTraceAsync(trace));
        var waiting = Assert.Single(await store.ListPendingAsync(10));
        Assert.Equal(
            (trace, 6L, 8L, 2L),
            (waiting.TraceId, waiting.FirstReceivedUnixNano, waiting.LastReceivedUnixNano, waiting.SpanCount)
        );
        Assert.Equal([41L, 43L], (await store.ReadInboxAsync(0, long.MaxValue)).Select(static row => row.Row));

        // A new message comes after them.
        await store.AppendAsync([Make.Chunk(Make.Span(trace, 4))]);
        Assert.Equal([41L, 43L, 44L], await store.ListInboxAsync());
        Assert.True(await Make.AnalyseAsync(store, trace));
        Assert.Empty(await store.ListInboxAsync());
        Assert.Equal(4, (await store.GetTraceAsync(trace)).Count);
        Assert.Equal(
            (1L, 4L, 0L),
            (await store.CountsAsync()) is var counts ? (counts.Traces, counts.Spans, counts.PendingSpans) : default
        );
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_as_it_is()
    {
        WriteSchema(SqliteDatabase.SchemaVersion);
        Execute($"PRAGMA user_version = {SqliteDatabase.SchemaVersion + 1}");
        foreach (var readOnly in new[] { false, true })
        {
            var error = await FailsAsync(_data.Options with { ReadOnly = readOnly });
            Assert.Equal(DatabaseProblem.NewerSchema, error.Problem);
            Assert.Contains($"schema {SqliteDatabase.SchemaVersion + 1}", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(SqliteDatabase.SchemaVersion + 1, Scalar<int>("PRAGMA user_version"));
    }

    [Fact]
    public async Task An_older_schema_cannot_be_opened_for_reading_only()
    {
        WriteSchema(SqliteDatabase.SchemaVersion - 1);
        Assert.Equal(DatabaseProblem.OlderSchema, (await FailsAsync(_data.Options with { ReadOnly = true })).Problem);
    }

    [Fact]
    public async Task A_file_that_is_no_database_or_another_programs_is_refused_and_left_as_it_is()
    {
        Directory.CreateDirectory(_data.Path);
        await File.WriteAllTextAsync(_data.Options.FilePath, new string('x', 5000));
        Assert.Equal(DatabaseProblem.NotADatabase, (await FailsAsync(_data.Options)).Problem);
        Assert.Equal(new string('x', 5000), await File.ReadAllTextAsync(_data.Options.FilePath));

        File.Delete(_data.Options.FilePath);
        Execute("CREATE TABLE theirs (x INTEGER)");
        var error = await FailsAsync(_data.Options);
        Assert.Equal(DatabaseProblem.NotADatabase, error.Problem);
        Assert.Contains("another program", error.Message, StringComparison.Ordinal);
        Assert.Equal(["theirs"], Tables());
    }

    [Fact]
    public async Task Reading_needs_a_database_and_says_where_it_was_looked_for()
    {
        var error = await FailsAsync(_data.Options with { ReadOnly = true });
        Assert.Equal(DatabaseProblem.NotFound, error.Problem);
        Assert.Contains(_data.Options.FilePath, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_data.Path));
    }

    [Fact]
    public async Task A_data_directory_that_is_a_file_is_an_error_with_its_name()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_data.Path)!);
        await File.WriteAllTextAsync(_data.Path, "");
        try
        {
            var error = await FailsAsync(_data.Options);
            Assert.Contains(_data.Path, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(_data.Path);
        }
    }

    [Fact]
    public async Task Reading_works_while_another_process_writes_and_after_it_has_ended()
    {
        var span = Make.Span(Make.Trace(1), 1);
        await using (var writer = await SqliteArchive.OpenAsync(_data.Options))
        {
            await writer.AppendAsync([Make.Chunk(span)]);
            await using var reader = await SqliteArchive.OpenAsync(_data.Options with { ReadOnly = true });
            Assert.Equal([span], await reader.GetTraceAsync(span.TraceId));
            await writer.AppendAsync([Make.Chunk(Make.Span(Make.Trace(2), 1))]);
            Assert.Single(await reader.GetTraceAsync(Make.Trace(2)));
            await Assert.ThrowsAsync<InvalidOperationException>(() => reader.AppendAsync([Make.Chunk(span)]));
        }

        await using var later = await SqliteArchive.OpenAsync(_data.Options with { ReadOnly = true });
        Assert.Equal([span], await later.GetTraceAsync(span.TraceId));
    }

    [Fact]
    public void Migrations_are_numbered_without_gaps()
    {
        var files = Directory
            .GetFiles(Path.Combine(TestSupport.TestFiles.Repository, "migrations", "sqlite"), "*.sql")
            .Select(path => Path.GetFileName(path))
            .Order()
            .ToList();
        Assert.Equal(Enumerable.Range(1, files.Count).Select(number => number.ToString("0000", null)), files.Select(file => file[..4]));
        Assert.Equal(files.Count, Migrations.Scripts.Count);
    }

    private static Task<DatabaseException> FailsAsync(SqliteOptions options) =>
        Assert.ThrowsAsync<DatabaseException>(async () => await (await SqliteDatabase.OpenAsync(options)).DisposeAsync());

    /// <summary>As schemas before zstd packed traces.</summary>
    private static byte[] Brotli(byte[] data)
    {
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(data.Length)];
        Assert.True(BrotliEncoder.TryCompress(data, packed, out var written, quality: 1, window: 22));
        return packed[..written];
    }

    private SqliteConnection Raw()
    {
        Directory.CreateDirectory(_data.Path);
        var connection = new SqliteConnection($"Data Source={_data.Options.FilePath};Pooling=False");
        connection.Open();
        return connection;
    }

    private void WriteSchema(int version)
    {
        using var connection = Raw();
        connection.Execute($"PRAGMA application_id = {SqliteDatabase.ApplicationId}");
        Migrations.Apply(connection, version);
        Assert.Equal(version, Migrations.Version(connection));
    }

    private T Scalar<T>(string sql)
    {
        using var connection = Raw();
        return connection.ExecuteScalar<T>(sql)!;
    }

    private void Execute(string sql)
    {
        using var connection = Raw();
        connection.Execute(sql);
    }

    private List<string> Tables()
    {
        using var connection = Raw();
        return connection.Query<string>("SELECT name FROM sqlite_schema").AsList();
    }
}
