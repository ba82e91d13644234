using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using DhtTracer.Analysis;
using DhtTracer.Storage;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Sqlite;

namespace DhtTracer.Bench.Statistics;

/// <summary>
/// What the pages of statistics cost over a large archive, in a warm process: time until the last byte, processor time and allocations of
/// the whole process, the most that its garbage collector held after a request, and the most memory the process ever had, which includes
/// what it mapped of the database. The archive is made by a first run, so that making it does not count.
/// </summary>
internal static partial class StatisticsBench
{
    private const int Rounds = 5;

    /// <summary>So many queries are simulated and analysed; more are copies.</summary>
    private const int MostSimulated = 10_000;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments.Length == 0)
        {
            await Console.Error.WriteLineAsync("Say in which directory the archive is, or is to be made.");
            return 2;
        }

        var options = new SqliteOptions { Directory = arguments[0] };
        if (!Directory.Exists(arguments[0]) || !Directory.EnumerateFiles(arguments[0], "*.db").Any())
        {
            await MakeAsync(options, arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 100_000);
            Console.WriteLine("made; run again to measure");
            return 0;
        }

        await using var store = await SqliteTraceStore.OpenAsync(options, TraceReconstruction.Reconstruct);
        await PackAsync(store);
        if (arguments is [_, "serve", var port])
        {
            await using var served = await BenchSite.StartAsync($"http://127.0.0.1:{port}", store);
            Console.WriteLine(served.Address);
            await Task.Delay(Timeout.Infinite);
        }

        await using var site = await BenchSite.StartAsync("http://127.0.0.1:0", store);
        using var client = new HttpClient { BaseAddress = site.Address, Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("br");
        Console.WriteLine(
            $"{(await store.CountsAsync()).Queries:N0} queries; at rest {Process.GetCurrentProcess().WorkingSet64 >> 20} MiB"
        );
        Console.WriteLine(
            $"{"", -34}{"median ms", 10}{"least", 8}{"CPU ms", 8}{"MB alloc.", 10}{"kB sent", 9}{"heap MiB", 10}{"peak MiB", 10}"
        );
        foreach (var (name, address) in await PagesAsync(store, client))
        {
            await MeasureAsync(client, name, address);
        }

        await SearchAsync(store, client);
        return 0;
    }

    private static async Task MakeAsync(SqliteOptions options, int queries)
    {
        var simulated = Math.Min(queries, MostSimulated);
        await using (var store = await SqliteTraceStore.OpenAsync(options, TraceReconstruction.Reconstruct))
        {
            await SimulatedMonth.WriteAsync(store, simulated, Console.Out);
        }

        var copies = (queries / simulated) - 1;
        if (copies > 0)
        {
            var apart = TimeSpan.FromDays(SimulatedMonth.Days).Ticks * TimeSpan.NanosecondsPerTick / queries;
            ArchiveMultiplier.Multiply(options.FilePath, copies, apart, Console.Out);
        }

        await using var whole = await SqliteTraceStore.OpenAsync(options, TraceReconstruction.Reconstruct);
        await SimulatedMonth.WriteSweepAsync(whole);
    }

    private static async Task PackAsync(SqliteTraceStore store)
    {
        var watch = Stopwatch.StartNew();
        var blocks = 0;
        while (await store.PackAsync(onlySettled: false))
        {
            blocks++;
        }

        if (blocks > 0)
        {
            Console.WriteLine($"packed {blocks} blocks in {watch.Elapsed.TotalSeconds:0.0} s");
        }
    }

    /// <summary>Fetches many addresses one after another, and tells how long the median and the slowest hundredth took.</summary>
    private static async Task MeasureManyAsync(HttpClient client, string name, IEnumerable<string> addresses)
    {
        var times = new List<double>();
        foreach (var address in addresses)
        {
            var watch = Stopwatch.StartNew();
            await client.GetByteArrayAsync(new Uri(address, UriKind.Relative));
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        times.Sort();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{name, -34}p50 {times[times.Count / 2]:0.0} ms, p99 {times[times.Count * 99 / 100]:0.0} ms of {times.Count}"
            )
        );
    }

    private static async Task<List<(string Name, string Address)>> PagesAsync(TraceStore store, HttpClient client)
    {
        var last = (await store.ListQueriesAsync(new QueryFilter(), limit: 1)).Rows[0];
        var end = DateTime.UnixEpoch.AddTicks((long)(last.StartUnixNano / 100)).AddMinutes(1);
        string Since(int days) =>
            string.Create(CultureInfo.InvariantCulture, $"from={end.AddDays(-days):yyyy-MM-dd'T'HH:mm}&to={end:yyyy-MM-dd'T'HH:mm}");
        var peer = (await store.ListPeerFactsAsync(new QueryFilter(), limit: 1)).Facts.First(static fact => fact.Requests > 0).PeerId;
        var key = (await store.ListOperationsAsync(new QueryFilter { Type = QueryType.GetProviders }, limit: 1))
            .Rows[0]
            .Operation
            .Key!
            .Text;
        var slowest = await SlowestAsync(client);
        var middle = end.AddDays(-SimulatedMonth.Days / 2.0).ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture);
        return
        [
            ("overview, 1 day", "/?" + Since(1)),
            ("overview, 7 days", "/?" + Since(7)),
            ("overview, everything", "/?range=all"),
            ("compare, nothing chosen", "/compare"),
            ("compare, halves of the archive", $"/compare?a.to={middle}&b.from={middle}"),
            ("peers, everything", "/peers?range=all"),
            ("peers, everything, by request p50", "/peers?range=all&order=slow"),
            ("peers of a service, 7 days", $"/peers?service=kubo-a&{Since(7)}"),
            ("peers of a type, everything", "/peers?range=all&type=find-peer"),
            ("peers of a service and a type", "/peers?range=all&service=kubo-a&type=find-peer"),
            ("a peer, everything", $"/peers/{peer}?range=all"),
            ("operations, newest", "/queries"),
            ("network", "/network?range=all"),
            ("records", "/records"),
            ("a record", "/records/" + Uri.EscapeDataString(key)),
            ("providers, everything", "/providers?range=all"),
            ("sweep of 140,000 keys", "/sweep"),
            ("alarms", "/alarms"),
            ("a rule, counted", "/rules"),
            ("slowest tenth against the rest", slowest),
            ("compare, two types", "/compare?a.type=find-peer&b.type=get-providers"),
            ("compare, two services", "/compare?a.service=kubo-a&b.service=kubo-b"),
            ("ingest", "/ingest"),
        ];
    }

    /// <summary>Where the overview of everything leads for what the slowest tenth shares.</summary>
    private static async Task<string> SlowestAsync(HttpClient client)
    {
        using var plain = new HttpClient { BaseAddress = client.BaseAddress };
        var overview = await plain.GetStringAsync(new Uri("/?range=all", UriKind.Relative));
        var link = SlowestLink().Match(overview);
        return link.Success ? WebUtility.HtmlDecode(link.Groups[1].Value) : "/compare";
    }

    [GeneratedRegex("href=\"(/compare[^\"]*)\">What do the slowest")]
    private static partial Regex SlowestLink();

    private static async Task SearchAsync(SqliteTraceStore store, HttpClient client)
    {
        var random = new Random(1);
        var keys = new List<string>();
        var peers = new List<string>();
        var (first, last) = ((await store.ListQueriesAsync(new QueryFilter(), QuerySort.Oldest, limit: 1)).Rows[0].StartUnixNano, 0UL);
        last = (await store.ListQueriesAsync(new QueryFilter(), limit: 1)).Rows[0].StartUnixNano;
        var deep = new List<string>();
        for (var i = 0; i < 200; i++)
        {
            var from = first + (ulong)random.NextInt64((long)(last - first));
            var page = await store.ListOperationsAsync(new QueryFilter { ToUnixNano = from }, limit: 1);
            foreach (var row in page.Rows)
            {
                keys.Add(row.Operation.Key!.Text);
                var met = await store.ListPeerFactsAsync(new QueryFilter { ToUnixNano = from }, limit: 1);
                peers.AddRange(met.Facts.Where(static fact => fact.Requests > 0).Select(static fact => fact.PeerId).Take(1));
            }

            // A cursor of the middle of the list, as a reader gets by going on and on.
            if ((await store.ListOperationsAsync(new QueryFilter { ToUnixNano = from }, limit: 50)).Next is { } cursor)
            {
                deep.Add("/queries?at=" + Uri.EscapeDataString(cursor));
            }
        }

        await MeasureManyAsync(client, "list page at any depth", deep);
        await MeasureManyAsync(client, "search by key", keys.Select(static key => "/queries?key=" + Uri.EscapeDataString(key)));
        await MeasureManyAsync(client, "search by peer", peers.Select(static peer => "/queries?background=1&peer=" + peer));
        await MeasureManyAsync(client, "a peer, API", peers.Take(20).Select(static peer => "/api/v1/peers/" + peer));
    }

    private static async Task MeasureAsync(HttpClient client, string name, string address)
    {
        var uri = new Uri(address, UriKind.Relative);
        var bytes = (await client.GetByteArrayAsync(uri)).LongLength;
        var process = Process.GetCurrentProcess();
        var (cpu, allocated) = (process.TotalProcessorTime, GC.GetTotalAllocatedBytes());
        var (times, heap) = (new List<double>(), 0L);
        for (var i = 0; i < Rounds; i++)
        {
            var watch = Stopwatch.StartNew();
            await client.GetByteArrayAsync(uri);
            times.Add(watch.Elapsed.TotalMilliseconds);
            heap = Math.Max(heap, GC.GetGCMemoryInfo().TotalCommittedBytes);
        }

        process.Refresh();
        times.Sort();
        var cpuMs = (process.TotalProcessorTime - cpu).TotalMilliseconds / Rounds;
        var allocatedMb = (GC.GetTotalAllocatedBytes() - allocated) / Rounds / 1e6;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{name, -34}{times[Rounds / 2], 10:0}{times[0], 8:0}{cpuMs, 8:0}{allocatedMb, 10:0.0}{bytes / 1e3, 9:0.0}"
                    + $"{heap >> 20, 10}{process.PeakWorkingSet64 >> 20, 10}"
            )
        );
    }
}
