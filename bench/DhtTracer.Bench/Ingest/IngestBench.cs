using System.Diagnostics;
using System.Text.Json;
using DhtTracer.Ingestion.Analysis;

namespace DhtTracer.Bench.Ingest;

/// <summary>
/// OTLP or Jaeger's spans from a sender process to this one, which commits and analyses: spans a second until the last acknowledgement and
/// until the last query is there, CPU of both sides, and bytes on disk.
/// </summary>
internal static class IngestBench
{
    /// <summary>Arguments: <c>[probes|endless] [grpc|jaeger] [queries [connections [spans-per-second]]]</c>; <c>kills [times]</c>;
    /// <c>stages</c> or <c>codecs</c> [queries]; <c>report</c> with its options. <c>send</c> and <c>serve</c> are the child processes'
    /// own.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var folder = Path.Combine(Path.GetTempPath(), "dht-tracer-bench");
        switch (args)
        {
            case ["send", .. var sender]:
                return await IngestSender.RunAsync(sender);
            case ["serve", var served]:
                return await IngestKills.ServeAsync(served);
            case ["kills", .. var times]:
                return await IngestKills.RunAsync(folder, times.Length > 0 ? int.Parse(times[0]) : 40);
            case ["prepare", var count]:
                KuboLoad.Prepare(folder, int.Parse(count), seed: 1);
                return 0;
            case ["report", .. var options]:
                return await IngestReport.RunAsync(folder, options);
            case ["stages" or "codecs", ..]:
                var load = KuboLoad.Prepare(folder, args.Length > 1 ? int.Parse(args[1]) : 500, seed: 1);
                return args[0] == "stages" ? await IngestStages.RunAsync(load) : IngestCodecs.Run(load);
        }

        var kind = Named<LoadKind>(ref args) ?? LoadKind.Queries;
        var receiver = Named<LoadReceiver>(ref args) ?? LoadReceiver.Http;
        var queries = args.Length > 0 ? int.Parse(args[0]) : 3000;
        var connections = args.Length > 1 ? args[1] : "4";
        var rate = args.Length > 2 ? args[2] : "0";
        var data = Path.Combine(folder, "data");
        if (Directory.Exists(data))
        {
            Directory.Delete(data, recursive: true);
        }

        await MeasureAsync(KuboLoad.Prepare(folder, queries, seed: 1, kind), data, receiver, connections, rate);
        return 0;
    }

    /// <summary>Takes the first argument if it names a value.</summary>
    private static T? Named<T>(ref string[] args)
        where T : struct, Enum
    {
        if (args is [var name, .. var rest] && char.IsLetter(name[0]) && Enum.TryParse<T>(name, ignoreCase: true, out var value))
        {
            args = rest;
            return value;
        }

        return null;
    }

    private static async Task MeasureAsync(string load, string data, LoadReceiver receiver, string connections, string rate)
    {
        var (spans, raw, gzip) = (0L, 0L, 0L);
        foreach (var batch in KuboLoad.Read(load))
        {
            (spans, raw, gzip) = (spans + batch.Spans, raw + batch.RawBytes, gzip + batch.Gzip.Length);
        }

        Console.WriteLine(
            $"{spans:N0} spans, {(double)raw / spans:N0} bytes a span raw, {(double)gzip / spans:N0} in gzip; "
                + $"{Environment.ProcessorCount} processors"
        );

        var server = await IngestServer.StartAsync(data, new AnalysisOptions());
        var process = Process.GetCurrentProcess();
        var cpuBefore = process.TotalProcessorTime;
        var (pausesBefore, allocatedBefore) = (GC.GetTotalPauseDuration(), GC.GetTotalAllocatedBytes());
        var memory = new MemorySamples();
        var watch = Stopwatch.StartNew();
        var report = await SendAsync(load, server.AddressOf(receiver), receiver, connections, rate);
        var backlog = server.Worker.PendingCount;
        await server.WaitUntilAnalysedAsync();
        var analysedSeconds = watch.Elapsed.TotalSeconds;
        await memory.DisposeAsync();
        process.Refresh();
        var cpu = (process.TotalProcessorTime - cpuBefore).TotalSeconds;
        var counts = await server.Store.CountsAsync();
        await server.DisposeAsync();
        var disk = new DirectoryInfo(data).EnumerateFiles().Sum(file => file.Length);

        Console.WriteLine(
            $"acknowledged   {report.Spans / report.Seconds, 10:N0} spans/s   ({report.Seconds:N1} s, {report.Refused} requests put off)"
        );
        Console.WriteLine(
            $"and analysed   {counts.Spans / analysedSeconds, 10:N0} spans/s   ({analysedSeconds:N1} s since the process of the "
                + $"sender was started; {backlog} traces left when the last was acknowledged)"
        );
        Console.WriteLine(
            $"queries        {counts.Queries, 10:N0}   of {counts.Traces:N0} traces; analyses {server.Worker.AnalysedCount:N0}, failed "
                + $"{server.Worker.FailedCount}"
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
        Console.WriteLine(
            $"peak memory    {process.PeakWorkingSet64 >> 20, 10:N0} MiB; anonymous {memory.Peak} MiB at the most, "
                + $"medians of the thirds of the time {memory.Thirds()} MiB"
        );
        if (counts.Spans != spans)
        {
            throw new InvalidOperationException($"{spans} spans were sent, {counts.Spans} are there.");
        }
    }

    internal static async Task<SenderReport> SendAsync(string load, Uri server, LoadReceiver receiver, string connections, string rate)
    {
        // The assembly is given to dotnet, so that it does not matter how this process was started.
        using var sender = Process.Start(
            new ProcessStartInfo("dotnet")
            {
                ArgumentList =
                {
                    typeof(IngestBench).Assembly.Location,
                    "ingest",
                    "send",
                    load,
                    server.ToString(),
                    connections,
                    rate,
                    receiver.ToString(),
                },
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
