using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Output;

namespace DhtTracer.Node;

/// <summary>Options of <c>dht-tracer localnet</c>.</summary>
internal sealed record LocalNetCommandOptions
{
    public required LocalNetworkOptions Network { get; init; }

    /// <summary>Interval between lines of statistics; null for none.</summary>
    public TimeSpan? StatsInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Parses faults in the format of the option, each with its share of all nodes:
    /// <c>slow=0.1,dead=0.05,silent=…,black-hole=…,drops=…,names-dead-peers=…,names-peers-twice=…,refuses-protocol=…</c>.
    /// </summary>
    /// <exception cref="FormatException">A fault is unknown, or a share is not a number.</exception>
    public static IReadOnlyList<FaultShare> ParseFaults(string text)
    {
        var faults = new List<FaultShare>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (name, value) = part.Split('=', 2) is [var left, var right] ? (left, right) : (part, "");
            if (
                !Names.TryGetValue(name, out var fault)
                || !double.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out var share)
            )
            {
                throw new FormatException(
                    $"'{part}' is not a fault with its share, such as dead=0.1; faults are {string.Join(", ", Names.Keys)}"
                );
            }

            faults.Add(new FaultShare(fault, share));
        }

        return faults;
    }

    private static readonly Dictionary<string, NodeFault> Names = new()
    {
        ["slow"] = NodeFault.Slow,
        ["dead"] = NodeFault.Dead,
        ["silent"] = NodeFault.Silent,
        ["black-hole"] = NodeFault.BlackHole,
        ["drops"] = NodeFault.Drops,
        ["names-dead-peers"] = NodeFault.NamesDeadPeers,
        ["names-peers-twice"] = NodeFault.NamesPeersTwice,
        ["refuses-protocol"] = NodeFault.RefusesProtocol,
    };
}

/// <summary>A DHT of many nodes in this process. Runs while the host runs, and prints statistics every few seconds.</summary>
/// <param name="options">Options.</param>
/// <param name="output">Receives the bootstrap peers, then the statistics.</param>
/// <param name="clock">The clock.</param>
internal sealed class LocalNetService(LocalNetCommandOptions options, TextWriter output, TimeProvider clock) : BackgroundService
{
    private LocalNetwork? _network;

    /// <inheritdoc/>
    /// <exception cref="CommandFailedException">A port is in use, or an option is unusable.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        _network = await NodeFailure.GuardAsync(() => LocalNetwork.StartAsync(options.Network, clock, cancellationToken));
        await output.WriteLineAsync(
            $"{_network.Nodes.Count} nodes after {clock.GetElapsedTime(started).TotalSeconds:0.0} s; bootstrap peers:"
        );
        foreach (var peer in _network.BootstrapPeers)
        {
            await output.WriteLineAsync(peer);
        }

        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_network is { } network)
        {
            await network.DisposeAsync();
            await output.WriteLineAsync("stopped");
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(options.StatsInterval ?? Timeout.InfiniteTimeSpan, clock, stoppingToken);
            var stats = _network!.Stats();
            await output.WriteLineAsync(
                $"{stats.Nodes} nodes, {stats.Connections} connection ends, {stats.Requests} requests, "
                    + $"routing tables {stats.RoutingTableMin} to {stats.RoutingTableMax}, {stats.MemoryBytes / 1048576} MiB"
            );
        }
    }
}
