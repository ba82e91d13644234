using DhtTracer.Kademlia;

namespace DhtTracer.Node;

/// <summary>A DHT node whose spans are exported.</summary>
internal sealed class TracedNode : IAsyncDisposable
{
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(5);

    private readonly SpanExport? _export;

    private TracedNode(NodeOptions options, HostedDhtNode node, SpanExport? export)
    {
        Options = options;
        Node = node;
        _export = export;
    }

    public NodeOptions Options { get; }

    public HostedDhtNode Node { get; }

    public DhtNode Dht => Node.Dht;

    /// <summary>Starts the node and the export. The node knows no peers yet.</summary>
    /// <param name="options">Options.</param>
    /// <param name="log">Receives errors that reach no caller.</param>
    /// <param name="cancellation">Cancels the start.</param>
    public static async Task<TracedNode> StartAsync(NodeOptions options, TextWriter log, CancellationToken cancellation)
    {
        var hostOptions = options.HostOptions(fault => log.WriteLine($"dht-tracer: {fault.Where}: {fault.Exception.Message}"));
        var node = await HostedDhtNode.StartAsync(hostOptions, options.Dht, cancellation);
        return new TracedNode(options, node, options.Export.Enabled ? SpanExport.Start(options.Export, node.Dht.Id) : null);
    }

    /// <summary>Connects to the bootstrap peers and looks up this node's neighbourhood.</summary>
    /// <returns>How many of the peers answered.</returns>
    public Task<int> BootstrapAsync(CancellationToken cancellation) => Dht.BootstrapAsync(Options.BootstrapPeers(), cancellation);

    /// <summary>The permalink of a query; null if it was not traced.</summary>
    public string? Permalink(System.Diagnostics.ActivityContext? span) =>
        span is { } context && _export is not null ? new Uri(Options.Site, $"/q/{context.TraceId}-{context.SpanId}").ToString() : null;

    /// <summary>Sends waiting spans; false if they were not received.</summary>
    public bool Flush() => _export is null || (_export.Flush(FlushTimeout) && !_export.AnyLost);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _export?.Dispose();
    }
}
