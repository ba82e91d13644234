using System.Diagnostics;
using System.Net;
using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DhtTracer.Bench.Ingest;

/// <summary>
/// Gzip OTLP over HTTP from a sender process to this one, which commits and analyses: spans a second until the last acknowledgement and
/// until the last query is there, CPU of both sides, and bytes on disk.
/// </summary>
public static class IngestBench
{
    /// <summary>Arguments: <c>[probes|endless] [queries [connections [spans-per-second]]]</c>; <c>stages</c> or <c>codecs</c> [queries]; <c>send</c> is the
    /// sender's own.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["send", .. var sender])
        {
            return await IngestSender.RunAsync(sender);
        }

        var folder = Path.Combine(Path.GetTempPath(), "dht-tracer-bench");
        if (args is ["stages" or "codecs", ..])
        {
            var load = KuboLoad.Prepare(folder, args.Length > 1 ? int.Parse(args[1]) : 500, seed: 1);
            return args[0] == "stages" ? await IngestStages.RunAsync(load) : IngestCodecs.Run(load);
        }

        var kind =
            args is [var name, ..]
            && Enum.TryParse<LoadKind>(name, ignoreCase: true, out var named)
            && Enum.IsDefined(named)
            && !int.TryParse(name, out _)
                ? named
                : (LoadKind?)null;
        args = kind is null ? args : args[1..];
        var queries = args.Length > 0 ? int.Parse(args[0]) : 3000;
        var connections = args.Length > 1 ? args[1] : "4";
        var rate = args.Length > 2 ? args[2] : "0";
        var data = Path.Combine(folder, "data");
        if (Directory.Exists(data))
        {
            Directory.Delete(data, recursive: true);
        }

        await MeasureAsync(KuboLoad.Prepare(folder, queries, seed: 1, kind ?? LoadKind.Queries), data, connections, rate);
        return 0;
    }

    private static async Task MeasureAsync(string load, string data, string connections, string rate)
    {
        var batches = KuboLoad.Read(load);
        var (spans, raw, gzip) = (
            batches.Sum(batch => (long)batch.Spans),
            batches.Sum(batch => (long)batch.RawBytes),
            batches.Sum(batch => (long)batch.Gzip.Length)
        );
        batches.Clear();
        Console.WriteLine(
            $"{spans:N0} spans, {(double)raw / spans:N0} bytes a span raw, {(double)gzip / spans:N0} in gzip; "
                + $"{Environment.ProcessorCount} processors"
        );

        var store = await SqliteTraceStore.OpenAsync(new SqliteOptions { Directory = data }, TraceReconstruction.Reconstruct);
        var worker = new AnalysisWorker(
            store,
            TraceReconstruction.Reconstruct,
            new AnalysisOptions(),
            TimeProvider.System,
            NullLogger<AnalysisWorker>.Instance
        );
        using var stop = new CancellationTokenSource();
        var work = worker.RunAsync(stop.Token);
        var app = await ServeAsync(new SpanSink(store, new IngestStatistics(TimeProvider.System)));
        var address = new Uri(
            new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
            "/v1/traces"
        );

        var process = Process.GetCurrentProcess();
        var cpuBefore = process.TotalProcessorTime;
        var (pausesBefore, allocatedBefore) = (GC.GetTotalPauseDuration(), GC.GetTotalAllocatedBytes());
        var watch = Stopwatch.StartNew();
        var report = await SendAsync(load, address, connections, rate);
        var backlog = worker.PendingCount;

        // Asking the store costs more than asking the worker.
        while (worker.PendingCount > 0 || (await store.CountsAsync()) is { PendingSpans: > 0 })
        {
            await Task.Delay(20);
        }

        var analysedSeconds = watch.Elapsed.TotalSeconds;
        process.Refresh();
        var cpu = (process.TotalProcessorTime - cpuBefore).TotalSeconds;
        var counts = await store.CountsAsync();
        await app.DisposeAsync();
        await stop.CancelAsync();
        await work;
        await store.DisposeAsync();
        var disk = new DirectoryInfo(data).EnumerateFiles().Sum(file => file.Length);

        Console.WriteLine(
            $"acknowledged   {report.Spans / report.Seconds, 10:N0} spans/s   ({report.Seconds:N1} s, {report.Refused} requests put off)"
        );
        Console.WriteLine(
            $"and analysed   {counts.Spans / analysedSeconds, 10:N0} spans/s   ({analysedSeconds:N1} s since the process of the "
                + $"sender was started; {backlog} traces left when the last was acknowledged)"
        );
        Console.WriteLine(
            $"queries        {counts.Queries, 10:N0}   of {counts.Traces:N0} traces; analyses {worker.AnalysedCount:N0}, failed "
                + $"{worker.FailedCount}"
        );
        Console.WriteLine(
            $"CPU            {cpu * 1e6 / spans, 10:N1} us/span here, {report.CpuSeconds * 1e6 / spans:N1} us/span in the sender"
        );
        Console.WriteLine(
            $"GC             {(GC.GetTotalPauseDuration() - pausesBefore).TotalMicroseconds / spans, 10:N1} us/span of pauses, "
                + $"{(GC.GetTotalAllocatedBytes() - allocatedBefore) / spans:N0} bytes a span allocated; collections "
                + $"{GC.CollectionCount(0)}, {GC.CollectionCount(1)}, {GC.CollectionCount(2)}"
        );
        Console.WriteLine($"disk           {disk, 10:N0} bytes = {100.0 * disk / raw:N1} % of raw, {(double)disk / spans:N0} a span");
        Console.WriteLine($"peak memory    {process.PeakWorkingSet64 >> 20, 10:N0} MiB");
        if (counts.Spans != spans)
        {
            throw new InvalidOperationException($"{spans} spans were sent, {counts.Spans} are there.");
        }
    }

    private static async Task<WebApplication> ServeAsync(SpanSink sink)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1)
        );
        var app = builder.Build();
        app.MapOtlpHttp(sink);
        await app.StartAsync();
        return app;
    }

    private static async Task<SenderReport> SendAsync(string load, Uri address, string connections, string rate)
    {
        // The assembly is given to dotnet, so that it does not matter how this process was started.
        using var sender = Process.Start(
            new ProcessStartInfo("dotnet")
            {
                ArgumentList = { typeof(IngestBench).Assembly.Location, "ingest", "send", load, address.ToString(), connections, rate },
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        var report = await sender.StandardOutput.ReadToEndAsync();
        await sender.WaitForExitAsync();
        return sender.ExitCode == 0
            ? JsonSerializer.Deserialize<SenderReport>(report)!
            : throw new InvalidOperationException($"The sender ended with {sender.ExitCode}.");
    }
}
