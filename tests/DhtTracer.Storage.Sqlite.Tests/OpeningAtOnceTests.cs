using System.Diagnostics;
using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Tests;

/// <summary>Several programs that open the same empty file at the same moment all succeed, and the file is migrated once.</summary>
public sealed class OpeningAtOnceTests : IDisposable
{
    private const int Rounds = 12;
    private const int Processes = 4;
    private const string NumberVariable = "DHT_TRACER_TESTS_OPEN_NUMBER";
    private const string DirectoryVariable = "DHT_TRACER_TESTS_OPEN_DIRECTORY";
    private readonly DataDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Connections_of_one_process_all_succeed()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var options = OfRound(_data.Path, round);
            var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SqliteDatabase.OpenAsync(options, Cancel)));
            foreach (var database in opened)
            {
                await database.DisposeAsync();
            }

            AssertWhole(options);
        }
    }

    [Fact]
    public async Task Processes_all_succeed()
    {
        Directory.CreateDirectory(_data.Path);
        var children = Enumerable.Range(0, Processes).Select(Start).ToList();
        try
        {
            var outputs = await Task.WhenAll(children.Select(static child => child.StandardOutput.ReadToEndAsync(Cancel)));
            for (var child = 0; child < Processes; child++)
            {
                await children[child].WaitForExitAsync(Cancel);
                Assert.True(children[child].ExitCode == 0, outputs[child]);
            }
        }
        finally
        {
            foreach (var child in children)
            {
                child.Kill();
                child.Dispose();
            }
        }

        for (var round = 0; round < Rounds; round++)
        {
            var results = Enumerable.Range(0, Processes).Select(child => File.ReadAllText(Mark(_data.Path, "result", round, child)));
            Assert.Equal(Enumerable.Repeat("opened", Processes), results);
            AssertWhole(OfRound(_data.Path, round));
        }
    }

    /// <summary>One of the processes. In each round it waits until all of them are ready, and then opens.</summary>
    [Fact(Explicit = true)]
    public async Task Child_that_opens_with_the_others()
    {
        var number = int.Parse(Environment.GetEnvironmentVariable(NumberVariable)!, CultureInfo.InvariantCulture);
        var directory = Environment.GetEnvironmentVariable(DirectoryVariable)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        for (var round = 0; round < Rounds; round++)
        {
            await File.WriteAllTextAsync(Mark(directory, "ready", round, number), "", limit.Token);
            while (!Enumerable.Range(0, Processes).All(other => File.Exists(Mark(directory, "ready", round, other))))
            {
                limit.Token.ThrowIfCancellationRequested();
                Thread.Yield();
            }

            var result = "opened";
            try
            {
                await using var database = await SqliteDatabase.OpenAsync(OfRound(directory, round), limit.Token);
            }
            catch (DatabaseException error)
            {
                result = error.ToString();
            }

            await File.WriteAllTextAsync(Mark(directory, "result", round, number), result, limit.Token);
        }
    }

    private Process Start(int number) =>
        Process.Start(
            new ProcessStartInfo("dotnet")
            {
                ArgumentList =
                {
                    typeof(OpeningAtOnceTests).Assembly.Location,
                    "-explicit",
                    "only",
                    "-method",
                    $"{typeof(OpeningAtOnceTests).FullName}.{nameof(Child_that_opens_with_the_others)}",
                },
                Environment = { [NumberVariable] = $"{number}", [DirectoryVariable] = _data.Path },
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;

    private static SqliteOptions OfRound(string directory, int round) => new() { Directory = Path.Combine(directory, $"data-{round}") };

    private static string Mark(string directory, string what, int round, int process) =>
        Path.Combine(directory, $"{what}-{round}-{process}");

    /// <summary>The file is as one that a single program made.</summary>
    private static void AssertWhole(SqliteOptions options)
    {
        using var connection = new SqliteConnection($"Data Source={options.FilePath};Pooling=False");
        Assert.Equal("ok", connection.ExecuteScalar<string>("PRAGMA integrity_check"));
        Assert.Equal(SqliteDatabase.SchemaVersion, connection.ExecuteScalar<int>("PRAGMA user_version"));
        Assert.Equal(SqliteDatabase.ApplicationId, connection.ExecuteScalar<int>("PRAGMA application_id"));
        Assert.Equal("wal", connection.ExecuteScalar<string>("PRAGMA journal_mode"));
        Assert.Equal(2, connection.ExecuteScalar<int>("PRAGMA auto_vacuum"));
    }
}
