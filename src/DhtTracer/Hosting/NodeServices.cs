using DhtTracer.Node;

namespace DhtTracer.Hosting;

/// <summary>Registers a traced node and its control server, for <c>node</c> and <c>demo</c>.</summary>
internal static class NodeServices
{
    /// <summary>Adds the holder of the running node, and its control server. The code that runs the node sets it in the holder.</summary>
    /// <param name="services">Services.</param>
    /// <param name="controlOrigins">Web origins that may use the control server, besides those of this machine.</param>
    public static IServiceCollection AddNodeControl(this IServiceCollection services, IReadOnlyList<string> controlOrigins)
    {
        services.AddSingleton<RunningNode>();
        return services.AddControlServer(controlOrigins);
    }

    /// <summary>Adds a node that runs while the host runs.</summary>
    /// <param name="services">Services.</param>
    /// <param name="options">Its options.</param>
    /// <param name="errors">Receives errors that reach no caller.</param>
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

        // The control server must have ended first: its running commands may still use the node.
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
