using DhtTracer.Hosting;
using DhtTracer.Node;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer node</c>: runs a traced node with its control server.</summary>
internal static class NodeCommand
{
    /// <summary>Runs until the token, a signal, or the command <c>exit</c> ends it.</summary>
    /// <returns>Exit code.</returns>
    /// <exception cref="CommandFailedException">A port is in use, or an option is unusable.</exception>
    public static async Task<int> RunAsync(NodeOptions options, TextWriter output, TextWriter errors, CancellationToken cancellation)
    {
        await using var host = await NodeHost.StartAsync(options, errors, cancellation);
        var node = host.Node;
        await output.WriteLineAsync($"peer id         {node.Dht.Id}");
        foreach (var address in node.Node.Host.ListenAddresses)
        {
            await output.WriteLineAsync($"listens on      {address}/p2p/{node.Dht.Id}");
        }

        if (options.ReachNote is { } note)
        {
            await output.WriteLineAsync($"note            {note}");
        }

        if (host.Control is { } control)
        {
            await output.WriteLineAsync($"control server  {control}");
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, host.Stopping);
        try
        {
            var answered = await node.BootstrapAsync(stop.Token);
            await output.WriteLineAsync(
                $"bootstrap       {answered} of {options.Bootstrap.Count} peers answered, {node.Dht.RoutingTable.Count} known"
            );
            node.Dht.Start();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while bootstrapping.
        }

        await host.RunAsync(cancellation);
        await output.WriteLineAsync("stopping");
        return ExitCode.Success;
    }
}
