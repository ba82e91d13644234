using Dapper;
using DhtTracer.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Tests;

public sealed class DatabaseTests : IDisposable
{
    private readonly DataDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task The_data_directory_is_made_for_its_owner_only()
    {
        await using var database = await Database.OpenAsync(data.Options);
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes");
        }
        else
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(data.Path));
        }
    }

    public static TheoryData<int> PastSchemas() => [.. Enumerable.Range(0, Database.SchemaVersion + 1)];

    [Theory]
    [MemberData(nameof(PastSchemas))]
    public async Task A_database_of_every_past_schema_opens_and_takes_spans(int version)
    {
        WriteSchema(version);
        await using var store = await Make.StoreAsync(data.Options);
        Assert.Equal(Database.SchemaVersion, Scalar<int>("PRAGMA user_version"));
        await store.AppendAsync([Make.Chunk(Make.Span(Make.Trace(1), 1))]);
        await Make.SaveAsync(store, Make.Trace(1), Make.Query(Make.Trace(1), new(1)));
        Assert.Single((await store.ListQueriesAsync(new QueryFilter())).Rows);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_as_it_is()
    {
        WriteSchema(Database.SchemaVersion);
        Execute($"PRAGMA user_version = {Database.SchemaVersion + 1}");
        foreach (var readOnly in new[] { false, true })
        {
            var error = await FailsAsync(data.Options with { ReadOnly = readOnly });
            Assert.Equal(DatabaseProblem.NewerSchema, error.Problem);
            Assert.Contains($"schema {Database.SchemaVersion + 1}", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(Database.SchemaVersion + 1, Scalar<int>("PRAGMA user_version"));
    }

    [Fact]
    public async Task An_older_schema_cannot_be_opened_for_reading_only()
    {
        WriteSchema(Database.SchemaVersion - 1);
        Assert.Equal(DatabaseProblem.OlderSchema, (await FailsAsync(data.Options with { ReadOnly = true })).Problem);
    }

    [Fact]
    public async Task A_file_that_is_no_database_or_another_programs_is_refused_and_left_as_it_is()
    {
        Directory.CreateDirectory(data.Path);
        await File.WriteAllTextAsync(data.Options.FilePath, new string('x', 5000));
        Assert.Equal(DatabaseProblem.NotADatabase, (await FailsAsync(data.Options)).Problem);
        Assert.Equal(new string('x', 5000), await File.ReadAllTextAsync(data.Options.FilePath));

        File.Delete(data.Options.FilePath);
        Execute("CREATE TABLE theirs (x INTEGER)");
        var error = await FailsAsync(data.Options);
        Assert.Equal(DatabaseProblem.NotADatabase, error.Problem);
        Assert.Contains("another program", error.Message, StringComparison.Ordinal);
        Assert.Equal(["theirs"], Tables());
    }

    [Fact]
    public async Task Reading_needs_a_database_and_says_where_it_was_looked_for()
    {
        var error = await FailsAsync(data.Options with { ReadOnly = true });
        Assert.Equal(DatabaseProblem.NotFound, error.Problem);
        Assert.Contains(data.Options.FilePath, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data.Path));
    }

    [Fact]
    public async Task A_data_directory_that_is_a_file_is_an_error_with_its_name()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(data.Path)!);
        await File.WriteAllTextAsync(data.Path, "");
        try
        {
            var error = await FailsAsync(data.Options);
            Assert.Contains(data.Path, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(data.Path);
        }
    }

    [Fact]
    public async Task Reading_works_while_another_process_writes_and_after_it_has_ended()
    {
        var span = Make.Span(Make.Trace(1), 1);
        await using (var writer = await Make.StoreAsync(data.Options))
        {
            await writer.AppendAsync([Make.Chunk(span)]);
            await using var reader = await Make.StoreAsync(data.Options with { ReadOnly = true });
            Assert.Equal([span], await reader.GetTraceAsync(span.TraceId));
            await writer.AppendAsync([Make.Chunk(Make.Span(Make.Trace(2), 1))]);
            Assert.Single(await reader.GetTraceAsync(Make.Trace(2)));
            await Assert.ThrowsAsync<InvalidOperationException>(() => reader.AppendAsync([Make.Chunk(span)]));
        }

        await using var later = await Make.StoreAsync(data.Options with { ReadOnly = true });
        Assert.Equal([span], await later.GetTraceAsync(span.TraceId));
    }

    [Fact]
    public void Migrations_are_numbered_without_gaps()
    {
        var files = Directory.GetFiles(Path.Combine(TestSupport.TestFiles.Repository, "migrations"), "*.sql").Select(path => Path.GetFileName(path)).Order().ToList();
        Assert.Equal(Enumerable.Range(1, files.Count).Select(number => number.ToString("0000", null)), files.Select(file => file[..4]));
        Assert.Equal(files.Count, Migrations.Scripts.Count);
    }

    private static Task<DatabaseException> FailsAsync(DatabaseOptions options) =>
        Assert.ThrowsAsync<DatabaseException>(async () => await (await Database.OpenAsync(options)).DisposeAsync());

    private SqliteConnection Raw()
    {
        Directory.CreateDirectory(data.Path);
        var connection = new SqliteConnection($"Data Source={data.Options.FilePath};Pooling=False");
        connection.Open();
        return connection;
    }

    private void WriteSchema(int version)
    {
        using var connection = Raw();
        connection.Execute($"PRAGMA application_id = {Database.ApplicationId}");
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
