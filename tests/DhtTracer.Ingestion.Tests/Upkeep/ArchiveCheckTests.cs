using DhtTracer.Analysis;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Files;
using DhtTracer.Storage;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Storage.Upkeep;
using DhtTracer.TestSupport;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Otlp;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Ingestion.Tests.Upkeep;

/// <summary>
/// Checks, repairs and copies of an archive that holds a real Kubo's spans, with parts and query events that are joined across traces.
/// Damage is done with SQLite alone, beside the program.
/// </summary>
public sealed class ArchiveCheckTests(ArchiveCheckTests.KuboArchive archive) : IClassFixture<ArchiveCheckTests.KuboArchive>
{
    private static readonly CheckOptions Whole = new();
    private static readonly CheckOptions Repair = new(Repair: true);

    [Fact]
    public async Task What_an_analysis_just_wrote_is_sound()
    {
        await using var host = await KuboAsync();
        var report = await CheckAsync(host.Store, Whole);

        Assert.Empty(report.Findings);
        Assert.True(report.IsSound);
        var traces = (await host.Store.CountsAsync()).Traces;
        Assert.Equal((traces, traces, 0, 0), (report.Traces, report.Compared, report.Waiting, report.WithoutChecksum));
    }

    [Fact]
    public async Task A_check_changes_nothing()
    {
        await using var host = await KuboAsync();
        var before = Rows(host.Store);
        await CheckAsync(host.Store, Whole);

        Assert.Equal(before, Rows(host.Store));
        Assert.Empty(await host.Store.ListPendingAsync(10));
    }

    [Theory]
    [InlineData("UPDATE dht_operation SET duration_ns = duration_ns + 1 WHERE no = (SELECT max(no) FROM dht_operation)", "duration_ns")]
    [InlineData("UPDATE query SET hops = 17 WHERE no = (SELECT min(no) FROM query)", "hops")]
    [InlineData("DELETE FROM query_peers WHERE query = (SELECT max(query) FROM query_peers)", "query_peers has")]
    [InlineData(
        "DELETE FROM peer_operation_recent WHERE operation = (SELECT max(operation) FROM peer_operation_recent)",
        "peer_operation has"
    )]
    [InlineData("DELETE FROM trace_operation WHERE trace = (SELECT max(trace) FROM trace_operation)", "trace_operation has")]
    [InlineData("UPDATE loose_part SET outcome = 9 WHERE no = (SELECT max(no) FROM loose_part)", "outcome")]
    public async Task Wrong_rows_are_found_and_written_anew(string damage, string expected)
    {
        await using var host = await KuboAsync();
        Damage(host.Store, damage);
        var report = await CheckAsync(host.Store, Whole);
        Assert.All(report.Findings, static finding => Assert.Equal(CheckProblem.Derived, finding.Problem));
        Assert.Contains(report.Findings, finding => finding.Text.Contains(expected, StringComparison.Ordinal));
        Assert.False(report.IsSound);

        Assert.True((await CheckAsync(host.Store, Repair)).IsSound);
        await host.Worker.DrainAsync();
        Assert.Empty((await CheckAsync(host.Store, Whole)).Findings);
    }

    [Fact]
    public async Task A_flipped_bit_in_packed_spans_is_found_and_not_called_repaired()
    {
        await using var host = await KuboAsync();
        using (var connection = Open(host.Store))
        {
            using var read = connection.CreateCommand();
            read.CommandText = "SELECT data FROM trace_blob WHERE trace = 2";
            var data = (byte[])read.ExecuteScalar()!;
            data[^1] ^= 1;
            using var write = connection.CreateCommand();
            write.CommandText = "UPDATE trace_blob SET data = $data WHERE trace = 2";
            write.Parameters.AddWithValue("$data", data);
            write.ExecuteNonQuery();
        }

        foreach (var options in new[] { new CheckOptions(Quick: true), Whole, Repair })
        {
            var report = await CheckAsync(host.Store, options);
            Assert.Equal((CheckProblem.Spans, false), Assert.Single(report.Findings.Select(static one => (one.Problem, one.Repaired))));
            Assert.False(report.IsSound);
        }
    }

    [Fact]
    public async Task Wrong_totals_are_counted_again()
    {
        await using var host = await KuboAsync();
        var right = await host.Store.CountsAsync();
        Damage(host.Store, "UPDATE total SET queries = queries + 3, spans = 0");

        Assert.Equal(2, (await CheckAsync(host.Store, new CheckOptions(Quick: true))).Findings.Length);
        await CheckAsync(host.Store, new CheckOptions(Quick: true, Repair: true));
        var repaired = await host.Store.CountsAsync();
        Assert.Equal((right.Queries, right.Spans), (repaired.Queries, repaired.Spans));
    }

    [Theory]
    [InlineData("operation_block_column")]
    [InlineData("peer_block_column")]
    [InlineData("peer_fact_column")]
    public async Task Wrong_columns_of_statistics_are_found_and_packed_anew(string table)
    {
        await using var host = await KuboAsync();

        // A block is packed when operations are added to a later one.
        Damage(host.Store, "UPDATE sqlite_sequence SET seq = 9000 WHERE name = 'dht_operation'");
        while (await host.Store.PackAsync(onlySettled: false)) { }

        Damage(host.Store, $"UPDATE {table} SET data = x'00' WHERE no = (SELECT min(no) FROM {table})");
        var finding = Assert.Single((await CheckAsync(host.Store, Whole)).Findings);
        Assert.Equal((CheckProblem.Derived, "the columns of block 0 are not those of its operations"), (finding.Problem, finding.Text));
        Assert.True((await CheckAsync(host.Store, Repair)).IsSound);
        while (await host.Store.PackAsync(onlySettled: false)) { }

        Assert.Empty((await CheckAsync(host.Store, Whole)).Findings);
    }

    [Fact]
    public async Task A_damaged_page_is_never_called_sound()
    {
        await using var host = await KuboAsync();
        var copy = Path.Combine(Path.GetDirectoryName(host.Store.Location)!, "damaged", SqliteOptions.FileName);
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        await host.Store.Upkeep.BackUpAsync(copy);
        await using (var file = new FileStream(copy, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = (file.Length / 2) & ~4095L;
            file.Write(new byte[4096]);
        }

        var sound = false;
        try
        {
            await using var damaged = await OpenAsync(Path.GetDirectoryName(copy)!);
            sound = (await CheckAsync(damaged, new CheckOptions(Quick: true))).IsSound;
        }
        catch (DatabaseException error)
        {
            Assert.Equal(DatabaseProblem.Corrupt, error.Problem);
        }

        Assert.False(sound);
    }

    [Fact]
    public async Task A_backup_holds_the_same_and_is_written_while_others_write()
    {
        await using var host = await KuboAsync();
        var folder = Path.Combine(Path.GetDirectoryName(host.Store.Location)!, "backup");
        var file = Path.Combine(folder, SqliteOptions.FileName);
        Directory.CreateDirectory(folder);
        var before = await host.Store.CountsAsync();
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await host.Store.Upkeep.PinAsync(CapturedStream.Spans(Command)[0].TraceId, true, CancellationToken.None);
                }
            },
            TestContext.Current.CancellationToken
        );
        var bytes = await host.Store.Upkeep.BackUpAsync(file, cancellationToken: TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await writing;

        Assert.Equal(new FileInfo(file).Length, bytes);
        Assert.Equal([file], Directory.GetFiles(folder));
        await using var copy = await OpenAsync(folder);
        var counts = await copy.CountsAsync();
        Assert.Equal(
            (before.Traces, before.Spans, before.Operations, before.Queries),
            (counts.Traces, counts.Spans, counts.Operations, counts.Queries)
        );
        Assert.True((await CheckAsync(copy, Whole)).IsSound);
    }

    [Fact]
    public async Task A_backup_never_replaces_a_file_and_leaves_nothing_behind_when_it_fails()
    {
        await using var host = await KuboAsync();
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(host.Store.Location)!, "backup")).FullName;
        var file = Path.Combine(folder, "mine");
        await File.WriteAllTextAsync(file, "mine", TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<DatabaseException>(() => host.Store.Upkeep.BackUpAsync(file));
        Assert.Contains("exists already", refused.Message, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        var nowhere = await Assert.ThrowsAsync<DatabaseException>(() =>
            host.Store.Upkeep.BackUpAsync(Path.Combine(folder, "no", "such", "folder"))
        );
        Assert.Equal(DatabaseProblem.AccessDenied, nowhere.Problem);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            host.Store.Upkeep.BackUpAsync(Path.Combine(folder, "stopped"), cancellationToken: new CancellationToken(canceled: true))
        );
        Assert.Equal([file], Directory.GetFiles(folder));
    }

    [Fact]
    public async Task Compacting_keeps_everything()
    {
        await using var host = await KuboAsync();
        var before = Rows(host.Store, "peer_operation", "peer_operation_recent");
        var result = await host.Store.Upkeep.CompactAsync();

        Assert.InRange(result.BytesAfter, 1, result.BytesBefore);
        Assert.Equal(before, Rows(host.Store, "peer_operation", "peer_operation_recent"));
        Assert.True((await CheckAsync(host.Store, Whole)).IsSound);
    }

    [Fact]
    public async Task Marked_traces_are_all_analysed_again()
    {
        await using var host = await KuboAsync();
        var (traces, analysed) = ((await host.Store.CountsAsync()).Traces, host.Worker.AnalysedCount);
        Damage(host.Store, "UPDATE query SET hops = 17");
        Assert.Equal(traces, await host.Store.Upkeep.MarkForAnalysisAsync());
        await host.Worker.DrainAsync();

        Assert.True(host.Worker.AnalysedCount >= analysed + traces);
        Assert.Empty((await CheckAsync(host.Store, Whole)).Findings);
    }

    private static CapturedCommand Command => CapturedCommand.Of("file-exporter", "findprovs-5");

    private Task<IngestHost> KuboAsync() => IngestHost.StartAsync(archive: archive.File);

    private static Task<SqliteTraceStore> OpenAsync(string folder) =>
        SqliteTraceStore.OpenAsync(new SqliteOptions { Directory = folder }, TraceReconstruction.Reconstruct);

    private static Task<CheckReport> CheckAsync(TraceStore store, CheckOptions options) =>
        store.Upkeep.CheckAsync(options, static content => TraceAnalyser.Analyse(content, TraceReconstruction.Reconstruct));

    private static SqliteConnection Open(TraceStore store)
    {
        var connection = new SqliteConnection($"Data Source={store.Location};Pooling=False");
        connection.Open();
        return connection;
    }

#pragma warning disable CA2100 // The statements are the test's own.
    private static void Damage(TraceStore store, string sql)
    {
        using var connection = Open(store);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() > 0, "Nothing was damaged.");
    }

    /// <summary>All rows of all tables, but those of some.</summary>
    private static List<string> Rows(TraceStore store, params string[] without)
    {
        using var connection = Open(store);
        using var tables = connection.CreateCommand();
        tables.CommandText = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
        var names = new List<string>();
        using (var reader = tables.ExecuteReader())
        {
            while (reader.Read())
            {
                names.Add(reader.GetString(0));
            }
        }

        var rows = new List<string>();
        foreach (var name in names.Except(without, StringComparer.Ordinal))
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM \"{name}\"";
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                var values = Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue);
                rows.Add($"{name}: {string.Join('|', values.Select(Text))}");
            }
        }

        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

#pragma warning restore CA2100

    private static string Text(object value) => value is byte[] bytes ? Convert.ToHexString(bytes) : $"{value}";

    /// <summary>The archive that each test damages a copy of.</summary>
    public sealed class KuboArchive : IAsyncLifetime
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-tests").FullName;

        public string File => Path.Combine(_folder, SqliteOptions.FileName);

        public async ValueTask InitializeAsync()
        {
            await using var host = await IngestHost.StartAsync();
            var spans = Path.Combine(TestFiles.Data("kubo", "file-exporter"), "traces-file-exporter.json.gz");
            await new FileImporter(host.Store).ImportAsync([spans], new ImportOptions());
            await host.Sink.AcceptOtlpAsync(OtlpProtobuf.Encode(CapturedStream.Spans(Command)), "test", CancellationToken.None);
            await host.Worker.DrainAsync();
            await host.Store.Upkeep.BackUpAsync(File);
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(_folder, recursive: true);
            return default;
        }
    }
}
