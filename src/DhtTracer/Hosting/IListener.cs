namespace DhtTracer.Hosting;

/// <summary>Something that listens on a port: HTTP or UDP.</summary>
internal interface IListener : IAsyncDisposable
{
    /// <summary>Which.</summary>
    ListenerInfo Info { get; }

    /// <summary>Binds and serves.</summary>
    /// <returns>Host and port that were bound.</returns>
    /// <exception cref="Cli.CommandFailedException">The port is taken or may not be bound; the message names the option that changes
    /// it.</exception>
    Task<string> StartAsync(CancellationToken cancellation);

    /// <summary>Takes nothing new and finishes what was begun.</summary>
    Task StopAsync(CancellationToken cancellation);
}
