using System.Diagnostics;
using System.Globalization;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Bench.Libp2p;

/// <summary>
/// What the ground floor costs: peer ids as text, and a number of hosts in one process of which each is connected to each other
/// (processor time of handshakes and identify, memory, round trips of ping). Backs ADR 0007.
/// </summary>
internal static class Libp2pBench
{
    private const string Peer = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
    private const int Pings = 10_000;

    /// <summary>Runs with as many hosts as the first argument says, else 100.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        MeasureText();
        await MeasureMeshAsync(args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100);
        return 0;
    }

    private static void MeasureText()
    {
        const int Rounds = 1_000_000;
        var bytes = PeerId.Parse(Peer).Bytes.ToArray();
        for (var warmUp = 0; warmUp < 3; warmUp++)
        {
            var write = Time(() => Base58.Encode(bytes).Length);
            var read = Time(() => PeerId.TryParse(Peer, out _) ? 1 : 0);
            if (warmUp == 2)
            {
                Console.WriteLine($"peer id in base58: {write:0} ns to write, {read:0} ns to read");
            }
        }

        static double Time(Func<int> action)
        {
            var watch = Stopwatch.StartNew();
            var sum = 0;
            for (var i = 0; i < Rounds; i++)
            {
                sum += action();
            }

            return sum > 0 ? watch.Elapsed.TotalNanoseconds / Rounds : 0;
        }
    }

    private static async Task MeasureMeshAsync(int count)
    {
        using var process = Process.GetCurrentProcess();
        var hosts = new List<Libp2pHost>();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < count; i++)
        {
            hosts.Add(
                await Libp2pHost.StartAsync(
                    new Libp2pHostOptions
                    {
                        Identity = Identity.Create(),
                        ListenAddresses = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")],
                        AllowPrivateAddresses = true,
                        NegotiationTimeout = TimeSpan.FromMinutes(1),
                        IdentifyTimeout = TimeSpan.FromMinutes(1),
                        AddressTimeout = TimeSpan.FromMinutes(1),
                        DialTimeout = TimeSpan.FromMinutes(1),
                    }
                )
            );
        }

        var pairs = Enumerable.Range(0, count).SelectMany(i => Enumerable.Range(0, i).Select(j => (From: hosts[i], To: hosts[j]))).ToList();
        await Parallel.ForEachAsync(
            pairs,
            new ParallelOptions { MaxDegreeOfParallelism = 40 },
            async (pair, token) => await pair.From.DialAsync(pair.To.PeerId, pair.To.ListenAddresses, cancellationToken: token)
        );
        var identified = await Task.WhenAll(hosts.SelectMany(host => host.Connections).Select(connection => connection.Identified));
        process.Refresh();
        Console.WriteLine(
            $"{count} hosts, {pairs.Count} connections: {watch.Elapsed.TotalSeconds:0.0} s, "
                + $"{process.TotalProcessorTime.TotalSeconds:0.0} s of processor time, "
                + $"{process.WorkingSet64 >> 20} MiB resident, {identified.Count(info => info is null)} ends not identified"
        );

        var caller = hosts[0];
        var remotes = caller.Connections;
        watch.Restart();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Pings),
            new ParallelOptions { MaxDegreeOfParallelism = 10 },
            async (i, token) => await caller.PingAsync(remotes[i % remotes.Count].RemotePeer, token)
        );
        Console.WriteLine($"{Pings} pings, 10 at a time, each on a stream of its own: {Pings / watch.Elapsed.TotalSeconds:0} a second");
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }
    }
}
