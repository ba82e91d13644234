using System.Diagnostics;
using System.Globalization;
using DhtTracer.FakeJaeger;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Storage.Sqlite;
using Google.Protobuf;
using Proto = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Bench.Pull;

/// <summary>
/// How fast and in how much memory a Jaeger is pulled over gRPC: this process is the Jaeger, a child process pulls, so that the memory
/// measured is the puller's alone. Spans are as long as Kubo's, about 620 bytes.
/// </summary>
internal static class PullBench
{
    private const string Child = "child";
    private const int SpansPerTrace = 150;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is [Child, var source, var directory])
        {
            return await PullAsync(source, directory);
        }

        var total = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;

        // Memory constant in the size of the archive: each archive is four times the one before.
        foreach (var spans in new[] { total, total * 4, total * 16 })
        {
            await MeasureAsync(spans);
        }

        return 0;
    }

    private static async Task MeasureAsync(int spans)
    {
        await using var fake = await FakeJaegerServer.StartAsync(new FakeJaegerOptions { Release = JaegerRelease.V2_10 });
        var (count, bytes) = Fill(fake.Archive, spans);
        var folder = Directory.CreateTempSubdirectory("dht-tracer-pull-bench-");
        try
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false };
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            {
                start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
            }

            foreach (var argument in new[] { "pull", Child, $"jaeger://127.0.0.1:{fake.GrpcAddress.Port}", folder.FullName })
            {
                start.ArgumentList.Add(argument);
            }

            using var puller = Process.Start(start) ?? throw new InvalidOperationException("the puller did not start");
            Console.WriteLine($"{count} spans, {bytes / count} bytes each as api_v2, {fake.Archive.Services().Count} service");
            await puller.WaitForExitAsync();
            Console.WriteLine($"  {fake.Archive.Searches} searches, exit {puller.ExitCode}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<int> PullAsync(string source, string directory)
    {
        await using var store = await SqliteTraceStore.OpenAsync(
            new SqliteOptions { Directory = directory },
            static _ => DhtTracer.Analysis.ReconstructedTrace.Empty
        );
        var worker = new PullWorker(
            new PullOptions { Source = source, Since = TimeSpan.FromHours(25) },
            store,
            new SpanSink(store, new IngestStatistics(TimeProvider.System))
        );
        var clock = Stopwatch.StartNew();
        var quarters = new Quarters();
        var result = await worker.RunAsync(quarters, CancellationToken.None);
        clock.Stop();
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(
            $"  working set after each quarter of the time: {string.Join(", ", quarters.WorkingSets.Select(bytes => $"{bytes >> 20}"))} MiB"
        );
        Console.WriteLine(
            $"  {result.Spans} spans of {result.Traces} traces committed in {clock.Elapsed.TotalSeconds:F2} s: "
                + $"{result.Spans / clock.Elapsed.TotalSeconds:F0} spans/s, "
                + $"{result.Windows} windows, {result.WindowsBisected} bisected, {result.Duplicates} duplicates"
        );
        Console.WriteLine(
            $"  peak memory {self.PeakWorkingSet64 >> 20} MiB, of which SQLite at most "
                + $"{SQLitePCL.raw.sqlite3_memory_highwater(0) >> 20} MiB; "
                + $"managed heap after a collection {GC.GetTotalMemory(forceFullCollection: true) / 1048576.0:F1} MiB"
        );
        return 0;
    }

    /// <summary>Looks at the memory as the pull goes on: what grows with the archive grows from quarter to quarter.</summary>
    private sealed class Quarters : IProgress<PullProgress>
    {
        public List<long> WorkingSets { get; } = [];

        public void Report(PullProgress value)
        {
            while (WorkingSets.Count < (int)(value.Fraction * 4))
            {
                WorkingSets.Add(Environment.WorkingSet);
            }
        }
    }

    private static (int Spans, long Bytes) Fill(FakeArchive archive, int spans)
    {
        var random = new Random(1);
        var process = new Proto.Process
        {
            ServiceName = "kubo",
            Tags =
            {
                Tag("service.version", "0.38.1"),
                Tag("telemetry.sdk.language", "go"),
                Tag("telemetry.sdk.name", "opentelemetry"),
                Tag("telemetry.sdk.version", "1.37.0"),
            },
        };
        var now = JaegerTime.UnixNano(DateTimeOffset.UtcNow);
        long bytes = 0;
        var count = 0;
        for (var trace = 0; count < spans; trace++)
        {
            var start = now - random.NextInt64(3_600_000_000_000, 86_400_000_000_000);
            var id = ByteString.CopyFrom([.. BitConverter.GetBytes(random.NextInt64()), .. BitConverter.GetBytes((long)trace + 1)]);
            var made = new List<Proto.Span>();
            for (var i = 0; i < SpansPerTrace && count < spans; i++, count++)
            {
                var span = new Proto.Span
                {
                    TraceId = id,
                    SpanId = ByteString.CopyFrom(BitConverter.GetBytes((long)i + 1)),
                    OperationName = "ProtocolMessenger.GetClosestPeers",
                    StartTime = JaegerTime.Timestamp(start + (i * 20_000_000L)),
                    Duration = JaegerTime.Duration(random.NextInt64(1_000_000, 3_000_000_000)),
                    Flags = 1,
                    Process = process,
                    References =
                    {
                        new Proto.SpanRef { TraceId = id, SpanId = ByteString.CopyFrom(BitConverter.GetBytes(1L)) },
                    },
                    Tags =
                    {
                        Tag("to", Peer(random)),
                        Tag("key", Peer(random)),
                        Tag("span.kind", "internal"),
                        Tag("otel.scope.name", "go-libp2p-kad-dht"),
                        Tag("error", Peer(random)),
                    },
                };
                made.Add(span);
                bytes += span.CalculateSize();
            }

            archive.Write(made);
        }

        return (count, bytes);
    }

    private static Proto.KeyValue Tag(string key, string value) => new() { Key = key, VStr = value };

    private static string Peer(Random random) =>
        "12D3KooW" + new string(random.GetItems("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".AsSpan(), 44));
}
