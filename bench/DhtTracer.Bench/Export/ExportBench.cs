using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Cli;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Storage.Traces;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Bench.Export;

/// <summary>
/// Memory and rate of exports over HTTP: a main process of its own serves an archive of simulated Kubo queries, this one downloads it. For
/// each archive and format a new process, so that the peak is that of one export. The peak before the export is reported beside it.
/// </summary>
internal static class ExportBench
{
    private const string Child = "child";
    private static readonly string[] Formats = ["otlp-json", "otlp", "jaeger", "eventlog", "json", "csv"];

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is [Child, var port, var data])
        {
            return await TracerCommandLine.RunAsync([
                "--data",
                data,
                "--site-port",
                port,
                .. Hosting
                    .Ports.PortTable.Main.Select(static port => port.Option)
                    .Where(static option => option != "--site-port")
                    .SelectMany(static option => new[] { option, "off" }),
            ]);
        }

        var total = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
        foreach (var spans in new[] { total / 10, total, total * 3 })
        {
            var folder = Directory.CreateTempSubdirectory("dht-tracer-export-bench-");
            try
            {
                Console.WriteLine(await FillAsync(folder.FullName, spans));
                foreach (var format in Formats)
                {
                    Console.WriteLine(await MeasureAsync(folder.FullName, format));
                }
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }

        return 0;
    }

    private static async Task<string> FillAsync(string folder, int spans)
    {
        await using var store = await SqliteTraceStore.OpenAsync(new SqliteOptions { Directory = folder }, TraceReconstruction.Reconstruct);
        var simulator = new KuboTraceSimulator(5);
        var scenario = new KuboScenario { Population = null, NetworkSize = 1500 };
        var operations = new[] { KuboOperation.FindProviders, KuboOperation.GetClosestPeers, KuboOperation.FindPeer };
        var (count, traces, largest) = (0, 0, 0);
        while (count < spans)
        {
            var trace = simulator.Simulate(scenario with { Operation = operations[traces % operations.Length] }).Spans;
            await store.AppendAsync([new TraceChunk(trace[0].TraceId, OtlpProtobuf.Encode(trace), trace.Length)]);
            var content =
                await store.LoadAsync(trace[0].TraceId) ?? throw new InvalidOperationException("the trace that was just stored is gone");
            await store.SaveAnalysesAsync([
                new TraceAnalysis
                {
                    Content = content,
                    Otlp = content.Otlp,
                    Spans = trace,
                    Found = TraceReconstruction.Reconstruct(trace),
                    Version = AnalysisVersion.Current,
                },
            ]);
            (count, traces, largest) = (count + trace.Length, traces + 1, Math.Max(largest, trace.Length));
        }

        return $"{count} spans of {traces} traces, the largest of {largest}";
    }

    private static async Task<string> MeasureAsync(string folder, string format)
    {
        var port = FreePort();
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        foreach (var argument in new[] { "export", Child, port.ToString(CultureInfo.InvariantCulture), folder })
        {
            start.ArgumentList.Add(argument);
        }

        using var server = Process.Start(start) ?? throw new InvalidOperationException("the server did not start");
        server.OutputDataReceived += static (_, _) => { };
        server.ErrorDataReceived += static (_, _) => { };
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(30) };
            await WaitAsync(client, server);
            var before = Peak(server);
            var clock = Stopwatch.StartNew();
            var bytes = await DownloadAsync(client, format);
            clock.Stop();
            return $"  {format, -10} {bytes / 1048576.0, 8:F1} MiB in {clock.Elapsed.TotalSeconds, 6:F2} s, peak memory "
                + $"{Peak(server)} MiB, {before} MiB before";
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    private static async Task<long> DownloadAsync(HttpClient client, string format)
    {
        using var answer = await client.GetAsync(
            new Uri($"/api/v1/export?format={ExportFormat.Find(format)!.Name}&background=1", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead
        );
        answer.EnsureSuccessStatusCode();
        await using var body = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[1 << 16];
        long bytes = 0;
        while (await body.ReadAsync(buffer) is > 0 and var read)
        {
            bytes += read;
        }

        return bytes;
    }

    private static async Task WaitAsync(HttpClient client, Process server)
    {
        while (true)
        {
            try
            {
                (await client.GetAsync(new Uri("/queries", UriKind.Relative))).EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (!server.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    private static long Peak(Process process)
    {
        process.Refresh();
        return process.PeakWorkingSet64 >> 20;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
