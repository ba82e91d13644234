using DhtTracer.Hosting.Ports;
using DhtTracer.Node;
using DhtTracer.Web.Node;

namespace DhtTracer.Hosting;

/// <summary>
/// Runs the demo beside the main process, once its ports are open: the node sends its spans to the receiver of this process. The end of
/// the demo ends the process.
/// </summary>
/// <param name="options">Options; where spans go is known only here.</param>
/// <param name="output">Told of each query.</param>
/// <param name="errors">Told of errors that reach no caller.</param>
/// <param name="ports">The ports of the process.</param>
/// <param name="running">Takes the node, for the control server.</param>
/// <param name="site">Told where the control server is, unless the user named another node.</param>
/// <param name="lifetime">Says when the ports are open.</param>
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
