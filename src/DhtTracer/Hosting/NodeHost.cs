using DhtTracer.Hosting.Ports;
using DhtTracer.Node;
using DhtTracer.Output;

namespace DhtTracer.Hosting;

/// <summary>A traced node in its own host, with its control server unless that is off.</summary>
internal sealed class NodeHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly OpenPorts _ports;

    private NodeHost(IHost host, OpenPorts ports, TracedNode node)
    {
        _host = host;
        _ports = ports;
        Node = node;
    }

    public TracedNode Node { get; }

    /// <summary>Address of the control server; null if it is off.</summary>
    public Uri? Control => _ports.Address(PortKind.Control);

    /// <summary>Cancelled when a signal or the command <c>exit</c> stops the process.</summary>
    public CancellationToken Stopping => _host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

    /// <summary>Starts the node, then opens the control server's port.</summary>
    /// <param name="options">Options of the node.</param>
    /// <param name="errors">Receives errors that reach no caller.</param>
    /// <param name="cancellation">Cancels the start.</param>
    /// <exception cref="CommandFailedException">A port is in use, or an option is unusable.</exception>
    public static async Task<NodeHost> StartAsync(NodeOptions options, TextWriter errors, CancellationToken cancellation)
    {
        var ports = OpenPorts.Of(new Dictionary<PortKind, int?> { [PortKind.Control] = options.ControlPort }, new PortSettings());
        var host = ProgramHost.Build(ports, services => services.AddNode(options, errors));
        try
        {
            await host.StartAsync(cancellation);
            return new NodeHost(host, ports, host.Services.GetRequiredService<RunningNode>().Current!);
        }
        catch
        {
            await ProgramHost.DisposeAsync(host);
            throw;
        }
    }

    /// <summary>Runs until it is told to stop, then stops the node.</summary>
    public Task RunAsync(CancellationToken cancellation) => ProgramHost.RunAsync(_host, cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ProgramHost.DisposeAsync(_host);
}
