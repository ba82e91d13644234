using System.Diagnostics;
using System.Text.Json;

namespace DhtTracer.Bench.Ingest;

/// <summary>What the sender measured.</summary>
internal sealed record SenderReport(long Spans, double Seconds, double CpuSeconds, long Refused);

/// <summary>Sends a load as fast as it is acknowledged, from a process of its own.</summary>
internal static class IngestSender
{
    /// <summary>Arguments: <c>LOAD SERVER CONNECTIONS SPANS-PER-SECOND [RECEIVER]</c>.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var (path, server, connections, rate) = (args[0], new Uri(args[1]), int.Parse(args[2]), double.Parse(args[3]));
        var receiver = args.Length > 4 ? Enum.Parse<LoadReceiver>(args[4]) : LoadReceiver.Http;
        var bodies = KuboLoad.Read(path).SelectMany(batch => LoadSender.Bodies(receiver, batch)).ToList();
        var next = -1;
        var refused = 0L;
        var spans = 0L;
        var cpuBefore = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(SendAsync)));
        var seconds = watch.Elapsed.TotalSeconds;
        var cpu = Process.GetCurrentProcess().TotalProcessorTime - cpuBefore;
        Console.WriteLine(JsonSerializer.Serialize(new SenderReport(spans, seconds, cpu.TotalSeconds, refused)));
        return 0;

        async Task SendAsync()
        {
            using var sender = new LoadSender(receiver, server);
            for (var i = Interlocked.Increment(ref next); i < bodies.Count; i = Interlocked.Increment(ref next))
            {
                if (rate > 0 && TimeSpan.FromSeconds((long)i * 512 / rate) - watch.Elapsed is { Ticks: > 0 } early)
                {
                    await Task.Delay(early);
                }

                while (await sender.SendAsync(bodies[i].Body) is { } wait)
                {
                    Interlocked.Increment(ref refused);
                    await Task.Delay(wait);
                }

                Interlocked.Add(ref spans, bodies[i].Spans);
            }
        }
    }
}
