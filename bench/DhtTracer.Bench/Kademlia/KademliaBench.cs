using System.Diagnostics;
using System.Security.Cryptography;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Libp2p.Multiformats;

namespace DhtTracer.Bench.Kademlia;

/// <summary>
/// Measures the DHT over real TCP on loopback. <c>localnet</c>: start, memory, lookup time and accuracy of 100 nodes.
/// <c>tracing</c>: what spans cost a lookup, <c>observer</c>: what they cost by themselves. <c>soak</c>: memory and connections over 10,000 queries.
/// </summary>
public static class KademliaBench
{
    private const int TracingRounds = 41;

    public static async Task<int> RunAsync(string[] args)
    {
        var what = args.Length > 0 ? args[0] : "localnet";
        var nodes = args.Length > 1 ? int.Parse(args[1]) : 100;
        var watch = Stopwatch.StartNew();
        await using var network = await LocalNetwork.StartAsync(new LocalNetworkOptions { Count = nodes, Dht = new DhtOptions { RefreshInterval = Timeout.InfiniteTimeSpan } });
        var stats = network.Stats();
        Console.WriteLine($"start and bootstrap of {nodes} nodes: {watch.Elapsed.TotalSeconds:0.0} s, {stats.MemoryBytes / 1048576} MiB, {stats.Connections} connection ends, {stats.Requests} requests, routing tables {stats.RoutingTableMin} to {stats.RoutingTableMax}");
        switch (what)
        {
            case "localnet":
                await LookUpAsync(network);
                return 0;
            case "tracing":
                await CompareTracingAsync(network, args.Length > 2 ? int.Parse(args[2]) : TracingRounds);
                return 0;
            case "observer":
                await ObserverBench.RunAsync(network);
                return 0;
            case "soak":
                await SoakAsync(network);
                return 0;
            default:
                Console.Error.WriteLine($"unknown benchmark '{what}': localnet, tracing, observer or soak");
                return 2;
        }
    }

    private static async Task LookUpAsync(LocalNetwork network)
    {
        var random = new Random(1);
        var times = new List<double>();
        var exact = 0;
        for (var i = 0; i < 100; i++)
        {
            var node = network.Nodes[random.Next(network.Nodes.Count)];
            var key = RandomNumberGenerator.GetBytes(32);
            var result = await node.Node.Dht.GetClosestPeersAsync(key);
            times.Add(result.Duration.TotalMilliseconds);
            var target = KadId.Of(key);
            var expected = network.Nodes.Where(other => other != node).Select(other => other.Peer.Id).OrderBy(KadId.Of, Comparer<KadId>.Create(target.CompareDistance)).Take(20);
            exact += result.Peers.Select(peer => peer.Id).SequenceEqual(expected) ? 1 : 0;
        }

        times.Sort();
        Console.WriteLine($"100 lookups: median {times[50]:0.0} ms, 90 % {times[90]:0.0} ms, max {times[^1]:0.0} ms, {exact} of 100 found exactly the 20 closest");
    }

    /// <summary>Blocks of lookups, traced and untraced in turn, by the processor time that they take: wall time on a shared machine says less.</summary>
    private static async Task CompareTracingAsync(LocalNetwork network, int rounds)
    {
        const int Block = 100;
        var node = network.Nodes[5].Node.Dht;
        var keys = Enumerable.Range(0, Block).Select(i => SHA256.HashData(BitConverter.GetBytes(i))).ToList();
        for (var warmUp = 0; warmUp < 15; warmUp++)
        {
            await RunBlockAsync(node, keys);
            await RunTracedAsync(node, keys);
        }

        var ratios = new List<double>();
        var (best, bestTraced) = (double.MaxValue, double.MaxValue);
        for (var round = 0; round < rounds; round++)
        {
            // Untraced, traced, traced, untraced: what drifts evenly over a round cancels out.
            var before = await RunBlockAsync(node, keys);
            var (traced, spans) = await RunTracedAsync(node, keys);
            var (again, _) = await RunTracedAsync(node, keys);
            var after = await RunBlockAsync(node, keys);
            ratios.Add((traced + again) / (before + after));
            (best, bestTraced) = (Math.Min(best, Math.Min(before, after)), Math.Min(bestTraced, Math.Min(traced, again)));
            Console.WriteLine($"untraced {before / Block:0.000} and {after / Block:0.000}, traced {traced / Block:0.000} and {again / Block:0.000} ms of processor a lookup, {spans / Block} spans each");
        }

        ratios.Sort();
        var (low, high) = OrderStatisticInterval.Ranks(ratios.Count, 50)!.Value;
        Console.WriteLine(
            $"tracing costs {Percent(ratios[ratios.Count / 2])} of a lookup's processor time: median of {ratios.Count} rounds, 95 % interval {Percent(ratios[low - 1])} to {Percent(ratios[high - 1])}; best block of each {Percent(bestTraced / best)} ({best / Block:0.000} and {bestTraced / Block:0.000} ms)");

        static string Percent(double ratio) => $"{(ratio - 1) * 100:0.0} %";
    }

    private static async Task<(double Milliseconds, int Spans)> RunTracedAsync(DhtNode node, List<byte[]> keys)
    {
        var spans = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "DhtTracer.Kademlia",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ => Interlocked.Increment(ref spans),
        };
        ActivitySource.AddActivityListener(listener);
        var milliseconds = await RunBlockAsync(node, keys);
        return (milliseconds, spans);
    }

    private static async Task<double> RunBlockAsync(DhtNode node, List<byte[]> keys)
    {
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        foreach (var key in keys)
        {
            await node.GetClosestPeersAsync(key);
        }

        process.Refresh();
        return (process.TotalProcessorTime - before).TotalMilliseconds;
    }

    private static async Task SoakAsync(LocalNetwork network)
    {
        var random = new Random(1);
        for (var i = 0; i <= 10_000; i++)
        {
            if (i % 2000 == 0)
            {
                var stats = network.Stats();
                Console.WriteLine($"{i} queries: {GC.GetTotalMemory(forceFullCollection: true) / 1048576.0:0.0} MiB of live objects, {stats.MemoryBytes / 1048576} MiB working set, {stats.Connections} connection ends, {stats.Requests} requests");
            }

            await network.Nodes[random.Next(network.Nodes.Count)].Node.Dht.FindPeerAsync(network.Nodes[random.Next(network.Nodes.Count)].Peer.Id);
        }
    }
}
