using DhtTracer.Kademlia;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Output;

namespace DhtTracer.Node;

/// <summary>Options of <c>dht-tracer demo</c>.</summary>
internal sealed record DemoOptions
{
    /// <summary>Number of nodes of the local network.</summary>
    public int Nodes { get; init; } = 60;

    /// <summary>Determines the peer ids, faults and queries.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Interval between queries after the script.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Number of queries after the script; null for no limit.</summary>
    public int? QueryLimit { get; init; }

    /// <summary>Where to send spans.</summary>
    public SpanExportOptions Export { get; init; } = new();

    /// <summary>Address of the site, for permalinks.</summary>
    public Uri Site { get; init; } = new("http://127.0.0.1:5080");

    /// <summary>
    /// Faults of the local network. One node in six is faulty. Most of these fail fast and few are silent, so lookups rarely have to wait.
    /// </summary>
    public IReadOnlyList<FaultShare> Faults { get; init; } =
    [
        new(NodeFault.Dead, 0.08),
        new(NodeFault.RefusesProtocol, 0.03),
        new(NodeFault.Silent, 0.02),
        new(NodeFault.BlackHole, 0.02),
        new(NodeFault.Drops, 0.03),
        new(NodeFault.Slow, 0.1),
        new(NodeFault.NamesPeersTwice, 0.05),
    ];
}

/// <summary>
/// Implements <c>dht-tracer demo</c>: a local network with faults, a traced node in it, queries of every kind, then one query every few
/// seconds.
/// </summary>
internal static class Demo
{
    /// <summary>Runs until the token or the query limit ends it.</summary>
    /// <param name="options">Options.</param>
    /// <param name="running">Receives the running node, so that it can be controlled.</param>
    /// <param name="output">Receives a text for each query.</param>
    /// <param name="errors">Receives errors that reach no caller.</param>
    /// <param name="cancellation">Ends the demo.</param>
    /// <exception cref="CommandFailedException">An option is unusable.</exception>
    public static async Task RunAsync(
        DemoOptions options,
        RunningNode running,
        TextWriter output,
        TextWriter errors,
        CancellationToken cancellation
    )
    {
        try
        {
            await output.WriteLineAsync($"starting a local DHT of {options.Nodes} nodes, some of them faulty");
            var networkOptions = new LocalNetworkOptions
            {
                Count = options.Nodes,
                Seed = options.Seed,
                Faults = options.Faults,
                MaxLatency = MaxLatency,
                Dht = NetworkDht,
            };
            await using var network = await NodeFailure.GuardAsync(() =>
                LocalNetwork.StartAsync(networkOptions, cancellationToken: cancellation)
            );
            await using var node = await NodeFailure.GuardAsync(() =>
                TracedNode.StartAsync(NodeOptions(options, network), errors, cancellation)
            );
            running.Set(node);
            await node.BootstrapAsync(cancellation);
            var script = new DemoScript(network, node, options.Seed);
            await script.PrepareAsync(cancellation);
            await foreach (var result in script.RunAllKindsAsync(cancellation))
            {
                // A query cut off by the end of the demo is not worth showing.
                cancellation.ThrowIfCancellationRequested();
                await ReportAsync(node, result, output);
            }

            for (var i = 0; options.QueryLimit is not { } limit || i < limit; i++)
            {
                await Task.Delay(options.Interval, cancellation);
                await ReportAsync(node, await script.RunAnyAsync(cancellation), output);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await output.WriteLineAsync("demo stopped");
        }
        finally
        {
            running.Set(null);
        }
    }

    /// <summary>
    /// Small buckets and few parallel requests, so that a lookup in a network of a few dozen nodes takes several steps, as in a large
    /// network.
    /// </summary>
    private static LookupParameters Lookup { get; } = new(Alpha: 4, Beta: 3, K: 10);

    /// <summary>Roughly the latency between peers on one continent.</summary>
    private static TimeSpan MaxLatency { get; } = TimeSpan.FromMilliseconds(120);

    /// <summary>Internet timeouts would make the demo start with minutes of silence on one machine.</summary>
    private static DhtOptions NetworkDht { get; } =
        new()
        {
            Lookup = Lookup,
            RefreshInterval = Timeout.InfiniteTimeSpan,
            Traced = false,
            DialTimeout = TimeSpan.FromSeconds(1),
            RequestTimeout = TimeSpan.FromSeconds(1),
        };

    private static NodeOptions NodeOptions(DemoOptions options, LocalNetwork network) =>
        new()
        {
            Listen = ["/ip4/127.0.0.1/tcp/0"],
            Bootstrap = network.BootstrapPeers,
            AllowPrivateAddresses = true,
            DialBackoff = TimeSpan.Zero,
            Dht = new DhtOptions
            {
                Lookup = Lookup,
                DialTimeout = TimeSpan.FromSeconds(2),
                RequestTimeout = TimeSpan.FromSeconds(3),
                QueryTimeout = TimeSpan.FromSeconds(30),
            },
            Export = options.Export,
            Site = options.Site,
        };

    private static Task ReportAsync(TracedNode node, QueryResult result, TextWriter output) =>
        output.WriteLineAsync(
            node.Permalink(result.Span) is { } permalink ? $"{ResultText.Summary(result)}\n  {permalink}" : ResultText.Summary(result)
        );
}
