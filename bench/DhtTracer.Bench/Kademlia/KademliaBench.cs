using System.Diagnostics;
using System.Security.Cryptography;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Multiformats;

namespace DhtTracer.Bench.Kademlia;

/// <summary>
/// Measures the DHT over real TCP on loopback. <c>localnet</c>: start, memory, lookup time and accuracy of 100 nodes.
/// <c>tracing [ROUNDS [AT-ONCE]]</c>: what spans cost a lookup, <c>observer</c>: what they cost by themselves. <c>soak</c>: memory and
/// connections over 10,000 queries.
/// </summary>
public static class KademliaBench
{
    private const int TracingRounds = 41;

    public static async Task<int> RunAsync(string[] args)
    {
        var what = args.Length > 0 ? args[0] : "localnet";
        var nodes = args.Length > 1 ? int.Parse(args[1]) : 100;
        var watch = Stopwatch.StartNew();
        await using var network = await LocalNetwork.StartAsync(
            new LocalNetworkOptions
            {
                Count = nodes,
                Dht = new DhtOptions { RefreshInterval = Timeout.InfiniteTimeSpan },
            }
        );
        var stats = network.Stats();
        Console.WriteLine(
            $"start and bootstrap of {nodes} nodes: {watch.Elapsed.TotalSeconds:0.0} s, {stats.MemoryBytes / 1048576} MiB, "
                + $"{stats.Connections} connection ends, {stats.Requests} requests, routing tables {stats.RoutingTableMin} to "
                + $"{stats.RoutingTableMax}"
        );
        switch (what)
        {
            case "localnet":
                await LookUpAsync(network);
                return 0;
            case "tracing":
                await CompareTracingAsync(
                    network,
                    args.Length > 2 ? int.Parse(args[2]) : TracingRounds,
                    args.Length > 3 ? int.Parse(args[3]) : 1
                );
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
            var expected = network
                .Nodes.Where(other => other != node)
                .Select(other => other.Peer.Id)
                .OrderBy(KadId.Of, Comparer<KadId>.Create(target.CompareDistance))
                .Take(20);
            exact += result.Peers.Select(peer => peer.Id).SequenceEqual(expected) ? 1 : 0;
        }

        times.Sort();
        Console.WriteLine(
            $"100 lookups: median {times[50]:0.0} ms, 90 % {times[90]:0.0} ms, max {times[^1]:0.0} ms, {exact} of 100 found exactly "
                + "the 20 closest"
        );
    }

    /// <summary>
    /// Blocks of lookups, traced and untraced in turn: by how many of them are done in a second, one after another or some at once, and by
    /// the processor time that they take, which is what counts where nothing but the processors limits them.
    /// </summary>
    private static async Task CompareTracingAsync(LocalNetwork network, int rounds, int atOnce)
    {
        const int Block = 100;
        var node = network.Nodes[5].Node.Dht;
        var keys = Enumerable.Range(0, Block).Select(i => SHA256.HashData(BitConverter.GetBytes(i))).ToList();

        // The runtime compiles what runs often anew, with what it has seen, as long as some seconds.
        for (var warmUp = 0; warmUp < 60; warmUp++)
        {
            await RunBlockAsync(node, keys, atOnce);
            await RunTracedAsync(node, keys, atOnce);
        }

        var (wall, processor, untraced) = (new List<double>(), new List<double>(), new List<Cost>());
        for (var round = 0; round < rounds; round++)
        {
            // Untraced, traced, traced, untraced: what drifts evenly over a round cancels out.
            var before = await RunBlockAsync(node, keys, atOnce);
            var (traced, spans) = await RunTracedAsync(node, keys, atOnce);
            var (again, _) = await RunTracedAsync(node, keys, atOnce);
            var after = await RunBlockAsync(node, keys, atOnce);
            wall.Add((traced.Wall + again.Wall) / (before.Wall + after.Wall));
            processor.Add((traced.Processor + again.Processor) / (before.Processor + after.Processor));
            untraced.Add(new Cost((before.Wall + after.Wall) / (2 * Block), (before.Processor + after.Processor) / (2 * Block)));
            Console.WriteLine(
                $"untraced {before.Wall / Block:0.000} and {after.Wall / Block:0.000}, traced {traced.Wall / Block:0.000} and "
                    + $"{again.Wall / Block:0.000} ms a lookup; processor {before.Processor / Block:0.000} and "
                    + $"{after.Processor / Block:0.000}, traced {traced.Processor / Block:0.000} and {again.Processor / Block:0.000} ms; "
                    + $"{spans / Block} spans each"
            );
        }

        Say("the time of a lookup", wall, untraced.Select(static cost => cost.Wall));
        Say("its processor time", processor, untraced.Select(static cost => cost.Processor));

        static void Say(string what, List<double> ratios, IEnumerable<double> untraced)
        {
            ratios.Sort();
            var (low, high) = OrderStatisticInterval.Ranks(ratios.Count, 50)!.Value;
            Console.WriteLine(
                $"tracing costs {Percent(ratios[ratios.Count / 2])} of {what} ({untraced.Order().ElementAt(ratios.Count / 2):0.000} "
                    + $"ms): median of {ratios.Count} rounds, 95 % interval {Percent(ratios[low - 1])} to {Percent(ratios[high - 1])}"
            );
        }

        static string Percent(double ratio) => $"{(ratio - 1) * 100:0.0} %";
    }

    private static async Task<(Cost Cost, int Spans)> RunTracedAsync(DhtNode node, List<byte[]> keys, int atOnce)
    {
        var spans = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "DhtTracer.Kademlia",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ => Interlocked.Increment(ref spans),
        };
        ActivitySource.AddActivityListener(listener);
        var cost = await RunBlockAsync(node, keys, atOnce);
        return (cost, spans);
    }

    private static async Task<Cost> RunBlockAsync(DhtNode node, List<byte[]> keys, int atOnce)
    {
        using var process = Process.GetCurrentProcess();
        var (before, start) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
        var next = -1;
        await Task.WhenAll(
            Enumerable
                .Range(0, atOnce)
                .Select(async _ =>
                {
                    while (Interlocked.Increment(ref next) is var i && i < keys.Count)
                    {
                        await node.GetClosestPeersAsync(keys[i]);
                    }
                })
        );
        var wall = Stopwatch.GetElapsedTime(start);
        process.Refresh();
        return new Cost(wall.TotalMilliseconds, (process.TotalProcessorTime - before).TotalMilliseconds);
    }

    /// <summary>What some lookups took, in milliseconds.</summary>
    private readonly record struct Cost(double Wall, double Processor);

    private static async Task SoakAsync(LocalNetwork network)
    {
        var random = new Random(1);
        for (var i = 0; i <= 10_000; i++)
        {
            if (i % 2000 == 0)
            {
                var stats = network.Stats();
                Console.WriteLine(
                    $"{i} queries: {GC.GetTotalMemory(forceFullCollection: true) / 1048576.0:0.0} MiB of live objects, "
                        + $"{stats.MemoryBytes / 1048576} MiB working set, {stats.Connections} connection ends, {stats.Requests} requests"
                );
            }

            await network
                .Nodes[random.Next(network.Nodes.Count)]
                .Node.Dht.FindPeerAsync(network.Nodes[random.Next(network.Nodes.Count)].Peer.Id);
        }
    }
}
