using DhtTracer.Storage;

namespace DhtTracer.Hosting;

/// <summary>Packs operations for statistics when they have not changed for a while.</summary>
/// <param name="store">The archive.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Receives failures.</param>
internal sealed partial class StatisticsPacking(TraceStore store, TimeProvider clock, ILogger<StatisticsPacking> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            try
            {
                while (await store.PackAsync(cancellationToken: stoppingToken))
                {
                    // One block after another, so that other writes come between.
                }
            }
            catch (Exception failure) when (failure is DatabaseException or StoreOverloadedException)
            {
                LogFailed(logger, failure, Interval);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Operations were not packed for statistics; trying again in {Interval}. Figures stay right, but take longer."
    )]
    private static partial void LogFailed(ILogger logger, Exception failure, TimeSpan interval);
}
