using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Follows the configured Jaegers for as long as the process runs, each for itself. A Jaeger that is away is waited for.</summary>
/// <param name="sources">The Jaegers; each is followed, whatever its options say, and never given up.</param>
/// <param name="store">Knows how far earlier pulls came.</param>
/// <param name="sink">Where the spans go.</param>
/// <param name="board">Shows the state.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Takes failures.</param>
public sealed class JaegerPullService(
    IReadOnlyList<PullOptions> sources,
    TraceStore store,
    SpanSink sink,
    PullStatusBoard board,
    TimeProvider clock,
    ILogger<JaegerPullService> logger
) : BackgroundService
{
    private static readonly TimeSpan Restart = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(sources.Select(source => FollowAsync(source with { Follow = true, GiveUpAfter = null }, stoppingToken)));

    private async Task FollowAsync(PullOptions options, CancellationToken cancellationToken)
    {
        var worker = new PullWorker(options, store, sink, board, clock, logger);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await worker.RunAsync(null, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever it is: one Jaeger's answers must not end the process that serves all the others.
                logger.LogError(e, "Pulling from {Source} failed; starting again in {Pause}", options.Source, Restart);
                await Task.Delay(Restart, clock, cancellationToken);
            }
        }
    }
}
