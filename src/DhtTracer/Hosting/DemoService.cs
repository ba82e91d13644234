using DhtTracer.Hosting.Ports;
using DhtTracer.Node;
using DhtTracer.Web.Node;

namespace DhtTracer.Hosting;

/// <summary>
/// Runs the demo inside the main process, once its ports are open. The node sends its spans to this process's receiver. When the demo ends,
/// the process ends.
/// </summary>
/// <param name="options">Options. The service adds where to send spans.</param>
/// <param name="output">Receives a text for each query.</param>
/// <param name="errors">Receives errors that reach no caller.</param>
/// <param name="ports">The ports of the process.</param>
/// <param name="running">Receives the node, for the control server.</param>
/// <param name="site">Receives the control server's address, unless the user chose another node.</param>
/// <param name="lifetime">Signals that the ports are open.</param>
internal sealed class DemoService(
    DemoOptions options,
    TextWriter output,
    TextWriter errors,
    OpenPorts ports,
    RunningNode running,
    NodeAddress site,
    IHostApplicationLifetime lifetime
) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        if (!site.IsGiven && ports.Address(PortKind.Control) is { } control)
        {
            site.PointTo(control);
        }

        var here = options with
        {
            Export = options.Export with { Endpoint = ports.Address(PortKind.OtlpGrpc) },
            Site = ports.Address(PortKind.Site) ?? options.Site,
        };
        await Demo.RunAsync(here, running, output, errors, stoppingToken);
        lifetime.StopApplication();
    }
}
