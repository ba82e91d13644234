using System.Diagnostics;
using System.Globalization;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Storage;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Storage.Traces;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Bench.QueryPage;

/// <summary>
/// How long the page of a large query takes, in a warm process: from the request on loopback until its last byte, compressed with brotli as
/// a browser asks for it. Each query of the first figure is asked for once (its spans are read, reconstructed and explained), those of the
/// second again and again, as a reader does who sorts, searches and opens rows. CPU is that of the process, the client's share in it
/// included.
/// </summary>
internal static class QueryPageBench
{
    private const int Queries = 40;
    private const int WarmUp = 10;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var peers = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 1000;
        if (arguments is [_, "serve", var port])
        {
            await using var site = await StartAsync($"http://127.0.0.1:{port}", [SimulatedQueries.Make(1, peers)]);
            Console.WriteLine($"{site.Address}q/{site.Queries[0].Id}");
            await Task.Delay(Timeout.Infinite);
        }

        var queries = Enumerable.Range(1, Queries + WarmUp).Select(seed => SimulatedQueries.Make(seed, peers)).ToList();
        await using var running = await StartAsync("http://127.0.0.1:0", queries);
        using var client = new HttpClient { BaseAddress = running.Address };
        client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("br");
        Console.WriteLine($"{peers} peers, {queries[0].Peers.Sum(peer => peer.Requests.Length + (peer.Dial is null ? 1 : 2)) + 1} spans");

        await MeasureAsync(
            client,
            "warm-up",
            queries.Take(WarmUp).SelectMany(query => Enumerable.Repeat($"q/{query.Id}", 5)),
            report: false
        );
        var fresh = queries.Skip(WarmUp).ToList();
        await MeasureAsync(client, "first time", fresh.Select(query => $"q/{query.Id}"));
        await MeasureAsync(
            client,
            "again",
            Enumerable.Range(0, Queries).Select(i => $"q/{fresh[^1].Id}?sort={(i % 2 == 0 ? "xor" : "start")}")
        );
        await MeasureAsync(client, "search", Enumerable.Range(0, Queries).Select(i => $"q/{fresh[^1].Id}?handler=find&find=kubo{i % 3}"));
        await MeasureAsync(client, "details", Enumerable.Range(1, Queries).Select(i => $"q/{fresh[^1].Id}?handler=row&row=p{i}"));
        await MeasureAsync(client, "why", Enumerable.Range(1, Queries).Select(_ => $"q/{fresh[^1].Id}?tab=why"));
        await MeasureAsync(client, "path", Enumerable.Range(1, Queries).Select(_ => $"q/{fresh[^1].Id}?tab=path"));
        Stages(fresh);
        return 0;
    }

    private static async Task MeasureAsync(HttpClient client, string name, IEnumerable<string> addresses, bool report = true)
    {
        var times = new List<double>();
        long bytes = 0;
        var cpu = Environment.CpuUsage.TotalTime;
        foreach (var address in addresses)
        {
            var watch = Stopwatch.StartNew();
            bytes = (await client.GetByteArrayAsync(new Uri(address, UriKind.Relative))).LongLength;
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        cpu = (Environment.CpuUsage.TotalTime - cpu) / times.Count;
        if (report)
        {
            times.Sort();
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name, -12} median {times[times.Count / 2], 7:0.0} ms   least {times[0], 7:0.0}   p95 "
                        + $"{times[(int)(times.Count * 0.95)], 7:0.0}   CPU {cpu.TotalMilliseconds, 6:0.0} ms   {bytes / 1000.0, 8:0.0} "
                        + $"kB compressed"
                )
            );
        }
    }

    // The same work without the web: least of all, because the machine may do other things.
    private static void Stages(List<Query> queries)
    {
        var traces = queries.Take(10).Select(query => OtlpProtobuf.Encode(NativeTrace.Of(query))).ToList();
        var spans = traces.ConvertAll(bytes => (IReadOnlyList<Span>)OtlpProtobuf.Decode(bytes));
        var rebuilt = spans.ConvertAll(trace => TraceReconstruction.Reconstruct(trace).Queries[0]);
        Stage("decode", traces, static trace => OtlpProtobuf.Decode(trace));
        Stage("reconstruct", spans, static trace => TraceReconstruction.Reconstruct(trace).Queries);
        Stage("explain", rebuilt, static query => Analysis.Explain.Explanation.Of(query));
        Stage("rows", rebuilt, static query => Waterfall.Of(query, PeerSort.Order));
    }

    private static void Stage<T>(string name, List<T> inputs, Func<T, object> work)
    {
        var least = double.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            foreach (var input in inputs)
            {
                var watch = Stopwatch.StartNew();
                GC.KeepAlive(work(input));
                least = Math.Min(least, watch.Elapsed.TotalMilliseconds);
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name, -12} {least, 7:0.0} ms"));
    }

    private static async Task<RunningSite> StartAsync(string url, IReadOnlyList<Query> queries)
    {
        var folder = Directory.CreateTempSubdirectory("dht-tracer-bench-");
        var store = await SqliteTraceStore.OpenAsync(new SqliteOptions { Directory = folder.FullName }, TraceReconstruction.Reconstruct);
        foreach (var query in queries)
        {
            var spans = NativeTrace.Of(query);
            await store.AppendAsync([new TraceChunk(spans[0].TraceId, OtlpProtobuf.Encode(spans), spans.Count)]);
            var content =
                await store.LoadAsync(spans[0].TraceId) ?? throw new InvalidOperationException("the trace that was just stored is gone");
            await store.SaveAnalysesAsync([
                new TraceAnalysis
                {
                    Content = content,
                    Otlp = content.Otlp,
                    Spans = spans,
                    Found = TraceReconstruction.Reconstruct(spans),
                    Version = 1,
                },
            ]);
        }

        return new RunningSite(await BenchSite.StartAsync(url, store), store, folder, queries);
    }

    private sealed record RunningSite(BenchSite Site, TraceStore Store, DirectoryInfo Folder, IReadOnlyList<Query> Queries)
        : IAsyncDisposable
    {
        public Uri Address => Site.Address;

        public async ValueTask DisposeAsync()
        {
            await Site.DisposeAsync();
            await Store.DisposeAsync();
            Folder.Delete(recursive: true);
        }
    }
}
