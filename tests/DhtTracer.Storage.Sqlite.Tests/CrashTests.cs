using System.Diagnostics;
using System.Globalization;
using System.Text;
using Dapper;
using DhtTracer.Storage.Contract;
using DhtTracer.Traces.Model;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Tests;

/// <summary>What was acknowledged survives <c>kill -9</c> of the process that acknowledged it.</summary>
public sealed class CrashTests : IDisposable
{
    private const string FirstVariable = "DHT_TRACER_TESTS_CRASH_FIRST";
    private const string DirectoryVariable = "DHT_TRACER_TESTS_CRASH_DIRECTORY";
    private readonly DataDirectory _data = new();

    public void Dispose()
    {
        _data.Dispose();
        File.Delete(_data.Path + ".acks");
    }

    [Fact]
    public async Task No_acknowledged_span_is_lost_when_the_process_is_killed_again_and_again()
    {
        var acknowledged = new List<int>();
        for (var round = 0; round < 4; round++)
        {
            acknowledged = await RunUntilKilledAsync(first: 1 + (round * 100_000), killAfter: 40 + (round * 35));
        }

        await using (var connection = new SqliteConnection($"Data Source={_data.Options.FilePath};Pooling=False"))
        {
            Assert.Equal("ok", await connection.ExecuteScalarAsync<string>("PRAGMA integrity_check"));
        }

        await using var store = await SqliteArchive.OpenAsync(_data.Options);
        foreach (var number in acknowledged)
        {
            Assert.Contains(await store.GetTraceAsync(TraceOf(number)), span => span.SpanId == new SpanId((ulong)number));
            Assert.Contains(await store.GetTraceAsync(TraceOf(number + 1)), span => span.SpanId == new SpanId((ulong)number));
        }

        // Both what was analysed and what still waits for it.
        var counts = await store.CountsAsync();
        Assert.True(counts.Spans > 0 && counts.PendingSpans > 0, $"{counts.Spans} analysed, {counts.PendingSpans} wait");
        Assert.True(counts.Spans + counts.PendingSpans >= acknowledged.Count);
    }

    /// <summary>The process to be killed runs this alone; it never ends by itself.</summary>
    [Fact(Explicit = true)]
    public async Task Child_that_writes_until_it_is_killed()
    {
        var (first, directory) = (
            int.Parse(Environment.GetEnvironmentVariable(FirstVariable)!, CultureInfo.InvariantCulture),
            Environment.GetEnvironmentVariable(DirectoryVariable)!
        );
        var store = await SqliteArchive.OpenAsync(new SqliteOptions { Directory = directory });
        await using var acknowledgements = new FileStream(
            directory + ".acks",
            FileMode.Append,
            FileAccess.Write,
            FileShare.Read,
            bufferSize: 0
        );
        using var one = new SemaphoreSlim(1);
        var next = first - 1;
        await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(writer =>
                    Task.Run(async () =>
                    {
                        while (true)
                        {
                            var number = Interlocked.Increment(ref next);

                            // Two traces share the message. Only one of them is analysed, so the message must stay for the other.
                            await store.AppendAsync([
                                Make.Chunk(Make.Span(TraceOf(number), number)),
                                Make.Chunk(Make.Span(TraceOf(number + 1), number)),
                            ]);
                            await one.WaitAsync();
                            acknowledgements.Write(Encoding.ASCII.GetBytes($"{number}\n"));
                            one.Release();
                            if (number % 5 == 0)
                            {
                                await Make.AnalyseAsync(store, TraceOf(number));
                            }
                        }
                    })
                )
        );
    }

    private static TraceId TraceOf(int number) => Make.Trace(number % 13);

    // What was acknowledged, in this round and before.
    private async Task<List<int>> RunUntilKilledAsync(int first, int killAfter)
    {
        using var child = Process.Start(
            new ProcessStartInfo("dotnet")
            {
                ArgumentList =
                {
                    typeof(CrashTests).Assembly.Location,
                    "-explicit",
                    "only",
                    "-method",
                    $"{typeof(CrashTests).FullName}.{nameof(Child_that_writes_until_it_is_killed)}",
                },
                Environment = { [FirstVariable] = $"{first}", [DirectoryVariable] = _data.Path },
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        var output = child.StandardOutput.ReadToEndAsync();
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (Acknowledged().Count(number => number >= first) < killAfter)
            {
                Assert.False(child.HasExited, child.HasExited ? await output : "");
                await Task.Delay(20, timeout.Token);
            }
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync();
        }

        return Acknowledged();
    }

    private List<int> Acknowledged()
    {
        if (!File.Exists(_data.Path + ".acks"))
        {
            return [];
        }

        using var reader = new StreamReader(new FileStream(_data.Path + ".acks", FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var lines = reader.ReadToEnd();

        // A line without its end was being written.
        return
        [
            .. lines[..(lines.LastIndexOf('\n') + 1)]
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => int.Parse(line, CultureInfo.InvariantCulture)),
        ];
    }
}
