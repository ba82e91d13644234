using DhtTracer.Storage;

namespace DhtTracer.Hosting;

/// <summary>Deletes traces that are older than the configured retention.</summary>
/// <param name="keep">How long a trace is kept after it last received spans.</param>
/// <param name="store">The archive.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Receives what was deleted, and failures.</param>
internal sealed partial class Retention(TimeSpan keep, TraceStore store, TimeProvider clock, ILogger<Retention> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            try
            {
                var deleted = await store.DeleteOlderThanAsync(clock.GetUtcNow() - keep, stoppingToken);
                if (deleted > 0)
                {
                    LogDeleted(logger, deleted, keep);
                }
            }
            catch (DatabaseException failure)
            {
                LogFailed(logger, failure, Interval);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted {Count} traces older than {Keep}")]
    private static partial void LogDeleted(ILogger logger, long count, TimeSpan keep);

    [LoggerMessage(Level = LogLevel.Error, Message = "Old traces were not deleted; trying again in {Interval}")]
    private static partial void LogFailed(ILogger logger, Exception failure, TimeSpan interval);
}
