using DhtTracer.Hosting;
using DhtTracer.Hosting.Ports;
using DhtTracer.Node;

namespace DhtTracer.Tests.Hosting;

/// <summary>The main process with every port open, the control server's included.</summary>
public sealed class RunningPorts : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-ports-").FullName;
    private readonly StringWriter _output = new();

    internal TracerHost Host { get; private set; } = null!;

    internal string Output => _output.ToString();

    public async ValueTask InitializeAsync() =>
        Host = await TracerHost.StartAsync(
            new ServerOptions
            {
                DataDirectory = _folder,
                Ports = PortTable.All.ToDictionary(port => port.Kind, _ => (int?)0),
                HostNames = ["traces.example"],
                CorsOrigins = ["https://app.example"],
            },
            _output,
            TestContext.Current.CancellationToken,
            services =>
                services.AddNode(
                    new NodeOptions
                    {
                        Bootstrap = [],
                        Export = new SpanExportOptions { Enabled = false },
                    },
                    TextWriter.Null
                )
        );

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _output.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
