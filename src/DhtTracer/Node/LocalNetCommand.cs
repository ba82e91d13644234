using DhtTracer.Cli;
using DhtTracer.Kademlia.LocalNet;

namespace DhtTracer.Node;

/// <summary>Options of <c>dht-tracer localnet</c>.</summary>
internal sealed record LocalNetCommandOptions
{
    /// <summary>The network.</summary>
    public required LocalNetworkOptions Network { get; init; }

    /// <summary>Time between two lines of statistics; null for none.</summary>
    public TimeSpan? StatsInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Reads faults as the option gives them:
    /// <c>slow=0.1,dead=0.05,silent=…,black-hole=…,drops=…,names-dead-peers=…,names-peers-twice=…,refuses-protocol=…</c>, each with its
    /// share of all nodes.
    /// </summary>
    /// <exception cref="FormatException">It names no fault, or a share that is no number.</exception>
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
                    $"'{part}' is no fault with its share, as in dead=0.1; faults are {string.Join(", ", Names.Keys)}"
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

/// <summary><c>dht-tracer localnet</c>: a DHT of many nodes in this process, until it is stopped.</summary>
internal static class LocalNetCommand
{
    /// <summary>Runs it until the token ends it.</summary>
    /// <returns>Exit code.</returns>
    /// <exception cref="CommandFailedException">A port is taken, or an option cannot be used.</exception>
    public static async Task<int> RunAsync(LocalNetCommandOptions options, TextWriter output, CancellationToken cancellation)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        try
        {
            await using var network = await NodeFailure.GuardAsync(() => LocalNetwork.StartAsync(options.Network, time, cancellation));
            await output.WriteLineAsync(
                $"{network.Nodes.Count} nodes after {time.GetElapsedTime(started).TotalSeconds:0.0} s; bootstrap peers:"
            );
            foreach (var peer in network.BootstrapPeers)
            {
                await output.WriteLineAsync(peer);
            }

            while (true)
            {
                await Task.Delay(options.StatsInterval ?? Timeout.InfiniteTimeSpan, time, cancellation);
                var stats = network.Stats();
                await output.WriteLineAsync(
                    $"{stats.Nodes} nodes, {stats.Connections} connection ends, {stats.Requests} requests, routing tables {stats.RoutingTableMin} to {stats.RoutingTableMax}, {stats.MemoryBytes / 1048576} MiB"
                );
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await output.WriteLineAsync("stopped");
            return ExitCode.Success;
        }
    }
}
