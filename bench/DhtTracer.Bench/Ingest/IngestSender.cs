using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace DhtTracer.Bench.Ingest;

/// <summary>What the sender measured.</summary>
internal sealed record SenderReport(long Spans, double Seconds, double CpuSeconds, long Refused);

/// <summary>Posts a load as fast as it is acknowledged, from a process of its own.</summary>
internal static class IngestSender
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (path, address, connections, rate) = (args[0], new Uri(args[1]), int.Parse(args[2]), double.Parse(args[3]));
        var batches = KuboLoad.Read(path);
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections, UseProxy = false });
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
            while (true)
            {
                var i = Interlocked.Increment(ref next);
                if (i >= batches.Count)
                {
                    return;
                }

                if (rate > 0 && TimeSpan.FromSeconds((long)i * 512 / rate) - watch.Elapsed is { Ticks: > 0 } early)
                {
                    await Task.Delay(early);
                }

                while (true)
                {
                    using var content = new ByteArrayContent(batches[i].Gzip);
                    content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
                    content.Headers.ContentEncoding.Add("gzip");
                    using var response = await client.PostAsync(address, content);
                    if (response.StatusCode == HttpStatusCode.OK)
                    {
                        Interlocked.Add(ref spans, batches[i].Spans);
                        break;
                    }

                    if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
                    {
                        throw new InvalidOperationException($"The receiver answered {(int)response.StatusCode}.");
                    }

                    Interlocked.Increment(ref refused);
                    await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1));
                }
            }
        }
    }
}
