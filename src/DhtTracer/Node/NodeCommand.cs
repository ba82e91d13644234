using DhtTracer.Cli;

namespace DhtTracer.Node;

/// <summary><c>dht-tracer node</c>: a traced node with its control server, until it is stopped.</summary>
internal static class NodeCommand
{
    /// <summary>Runs it until the token, or the command <c>exit</c>, ends it.</summary>
    /// <returns>Exit code.</returns>
    /// <exception cref="CommandFailedException">A port is taken, or an option cannot be used.</exception>
    public static async Task<int> RunAsync(NodeOptions options, TextWriter output, TextWriter errors, CancellationToken cancellation)
    {
        using var exit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var node = await NodeFailure.GuardAsync(() => TracedNode.StartAsync(options, errors, cancellation));
        await output.WriteLineAsync($"peer id         {node.Dht.Id}");
        foreach (var address in node.Node.Host.ListenAddresses)
        {
            await output.WriteLineAsync($"listens on      {address}/p2p/{node.Dht.Id}");
        }

        if (options.ReachNote is { } note)
        {
            await output.WriteLineAsync($"note            {note}");
        }

        await using var control = options.ControlPort is { } port
            ? await ControlServer.StartAsync(node, port, () => _ = exit.CancelAsync(), cancellation)
            : null;
        if (control is not null)
        {
            await output.WriteLineAsync($"control server  {control.Address}");
        }

        try
        {
            var answered = await node.BootstrapAsync(exit.Token);
            await output.WriteLineAsync(
                $"bootstrap       {answered} of {options.Bootstrap.Count} peers answered, {node.Dht.RoutingTable.Count} known"
            );
            node.Dht.Start();
            await Task.Delay(Timeout.InfiniteTimeSpan, exit.Token);
        }
        catch (OperationCanceledException) when (exit.IsCancellationRequested)
        {
            await output.WriteLineAsync("stopping");
        }

        return ExitCode.Success;
    }
}
