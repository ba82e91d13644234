using DhtTracer.Node;

namespace DhtTracer.Hosting;

/// <summary>A traced node and its control server, as <c>node</c> and <c>demo</c> register them.</summary>
internal static class NodeServices
{
    /// <summary>Adds the place of the node, and the control server of it. Who runs the node sets it there.</summary>
    /// <param name="services">Services.</param>
    /// <param name="controlOrigins">Origins, beside those of this machine, whose pages may use the control server.</param>
    public static IServiceCollection AddNodeControl(this IServiceCollection services, IReadOnlyList<string> controlOrigins)
    {
        services.AddSingleton<RunningNode>();
        return services.AddControlServer(controlOrigins);
    }

    /// <summary>Adds a node that runs as long as the host.</summary>
    /// <param name="services">Services.</param>
    /// <param name="options">Its options.</param>
    /// <param name="errors">Told of errors that reach no caller.</param>
    public static IServiceCollection AddNode(this IServiceCollection services, NodeOptions options, TextWriter errors)
    {
        services.AddNodeControl(options.ControlOrigins);
        return services.AddHostedService(provider => new NodeService(options, errors, provider.GetRequiredService<RunningNode>()));
    }

    private sealed class NodeService(NodeOptions options, TextWriter errors, RunningNode running) : IHostedService, IAsyncDisposable
    {
        private TracedNode? _node;

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            _node = await NodeFailure.GuardAsync(() => TracedNode.StartAsync(options, errors, cancellationToken));
            running.Set(_node);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        // Only when the control server has ended: what it has begun may still ask the node.
        public async ValueTask DisposeAsync()
        {
            running.Set(null);
            if (_node is not null)
            {
                await _node.DisposeAsync();
            }
        }
    }
}
