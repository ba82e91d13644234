using System.Diagnostics;
using DhtTracer.Analysis;
using DhtTracer.Ingestion.Analysis;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Storage.Upkeep;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Bench.Ingest;

/// <summary>
/// The proof that nothing that was acknowledged is lost: a server process is killed (SIGKILL) at random times under full load and started
/// again on the same archive. A request without an acknowledgement is sent again, as every exporter does. At the end, each trace must have
/// exactly the spans that were sent: fewer are lost, more came twice.
/// </summary>
internal static class IngestKills
{
    private const int Connections = 4;

    /// <summary>Queries in one load. Another one follows when it is sent.</summary>
    private const int Queries = 1500;

    /// <summary>The server process: <c>DIRECTORY</c>. Ends when its input does.</summary>
    public static async Task<int> ServeAsync(string data)
    {
        // Analyses must happen within the short lives.
        var options = new AnalysisOptions { QuietPeriod = TimeSpan.FromMilliseconds(300), FirstLook = TimeSpan.FromMilliseconds(300) };
        await using var server = await IngestServer.StartAsync(data, options);
        Console.WriteLine(server.Http);
        while (await Console.In.ReadLineAsync() is not null)
        {
            await server.WaitUntilAnalysedAsync();
            Console.WriteLine("analysed");
        }

        return 0;
    }

    public static async Task<int> RunAsync(string folder, int kills)
    {
        var data = Path.Combine(folder, $"kills-{Environment.ProcessId}");
        var random = new Random();
        var (spans, killed, interrupted, seed) = (0L, 0, 0L, 100);
        var traces = new Dictionary<TraceId, HashSet<SpanId>>();
        var server = await StartAsync(data);
        var watch = Stopwatch.StartNew();
        while (killed < kills)
        {
            var batches = KuboLoad.Read(KuboLoad.Prepare(folder, Queries, ++seed));
            batches.ForEach(batch => Remember(batch, traces));
            var next = -1;
            var gate = new Lock();
            var senders = Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(SendAsync)));
            while (!senders.IsCompleted && killed < kills)
            {
                await Task.WhenAny(senders, Task.Delay(random.Next(200, 2500)));
                if (!senders.IsCompleted)
                {
                    server.Process.Kill();
                    await server.Process.WaitForExitAsync();
                    killed++;
                    var following = await StartAsync(data);
                    lock (gate)
                    {
                        server = following;
                    }
                }
            }

            await senders;
            spans += batches.Sum(batch => (long)batch.Spans);

            async Task SendAsync()
            {
                var (address, sender) = (new Uri("http://localhost"), (LoadSender?)null);
                for (var i = Interlocked.Increment(ref next); i < batches.Count; )
                {
                    lock (gate)
                    {
                        if (address != server.Address)
                        {
                            sender?.Dispose();
                            (address, sender) = (server.Address, new LoadSender(LoadReceiver.Http, server.Address));
                        }
                    }

                    try
                    {
                        if (await sender!.SendAsync(batches[i].Gzip) is { } wait)
                        {
                            await Task.Delay(wait);
                            continue;
                        }

                        i = Interlocked.Increment(ref next);
                    }
                    catch (HttpRequestException)
                    {
                        Interlocked.Increment(ref interrupted);
                        await Task.Delay(50);
                    }
                }

                sender?.Dispose();
            }
        }

        await server.Process.StandardInput.WriteLineAsync("end");
        if (await server.Process.StandardOutput.ReadLineAsync() != "analysed")
        {
            throw new InvalidOperationException("The last server did not analyse what was left.");
        }

        server.Process.StandardInput.Close();
        await server.Process.WaitForExitAsync();
        var seconds = watch.Elapsed.TotalSeconds;
        var (lost, twice, sound) = await CompareAsync(data, traces);
        Directory.Delete(data, recursive: true);
        Console.WriteLine(
            $"{killed} kills in {seconds:N0} s; {spans:N0} spans of {traces.Count:N0} traces acknowledged, {interrupted:N0} requests "
                + $"interrupted and sent again; lost {lost}, stored twice {twice}, "
                + $"check of the archive: {(sound ? "sound" : "not sound")}"
        );
        return lost == 0 && twice == 0 && sound ? 0 : 1;
    }

    private static void Remember(KuboBatch batch, Dictionary<TraceId, HashSet<SpanId>> traces)
    {
        foreach (var span in OtlpProtobuf.Decode(KuboLoad.Inflate(batch.Gzip)))
        {
            if (!traces.TryGetValue(span.TraceId, out var ids))
            {
                traces.Add(span.TraceId, ids = []);
            }

            ids.Add(span.SpanId);
        }
    }

    /// <summary>Reads every trace back and compares the ids of its spans with those that were sent.</summary>
    private static async Task<(int Lost, int Twice, bool Sound)> CompareAsync(string data, Dictionary<TraceId, HashSet<SpanId>> sent)
    {
        var (lost, twice) = (0, 0);
        await using var store = await SqliteTraceStore.OpenAsync(new SqliteOptions { Directory = data }, TraceReconstruction.Reconstruct);
        foreach (var (trace, ids) in sent)
        {
            var stored = (await store.LoadAsync(trace))?.Otlp ?? default;
            var found = stored.IsEmpty ? [] : OtlpProtobuf.Decode(stored).Select(span => span.SpanId).ToList();
            lost += ids.Except(found).Count();
            twice += found.Count - found.Distinct().Count();
        }

        var check = await store.Upkeep.CheckAsync(
            new CheckOptions(),
            content => TraceAnalyser.Analyse(content, TraceReconstruction.Reconstruct)
        );
        return (lost, twice, check.IsSound);
    }

    private static async Task<(Process Process, Uri Address)> StartAsync(string data)
    {
        var process = Process.Start(
            new ProcessStartInfo("dotnet")
            {
                ArgumentList = { typeof(IngestKills).Assembly.Location, "ingest", "serve", data },
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        return await process.StandardOutput.ReadLineAsync() is { } address
            ? (process, new Uri(address))
            : throw new InvalidOperationException("The server did not start.");
    }
}
