using System.Globalization;
using DhtTracer.Storage;

namespace DhtTracer.Hosting;

/// <summary>Deletes traces that are older than the configured age, and the oldest ones while the archive needs too much space.</summary>
/// <param name="options">The limits.</param>
/// <param name="store">The archive.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Receives what was deleted, and failures.</param>
internal sealed partial class Retention(ServerOptions options, TraceStore store, TimeProvider clock, ILogger<Retention> logger)
    : BackgroundService
{
    // Often, so that a little goes each time. A look that finds nothing to delete reads one row.
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            try
            {
                await DeleteAsync(stoppingToken);
            }
            catch (DatabaseException failure)
            {
                LogFailed(logger, failure, Interval);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task DeleteAsync(CancellationToken cancellation)
    {
        if (options.Keep is { } keep && await store.Upkeep.DeleteOlderThanAsync(clock.GetUtcNow() - keep, cancellation) is > 0 and var old)
        {
            LogOld(logger, old, keep);
        }

        if (options.KeepBytes is not { } most)
        {
            return;
        }

        var result = await store.Upkeep.DeleteOldestAsync(most, cancellation);
        if (result.Deleted > 0)
        {
            LogOldest(logger, result.Deleted, Mebibytes(most));
        }

        if (result.Bytes > most)
        {
            LogStillTooLarge(logger, Mebibytes(result.Bytes), Mebibytes(most));
        }
    }

    private static string Mebibytes(long bytes) => (bytes / 1048576.0).ToString("0.#", CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted {Count} traces older than {Keep}")]
    private static partial void LogOld(ILogger logger, long count, TimeSpan keep);

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted the {Count} oldest traces: the archive may need {Limit} MiB")]
    private static partial void LogOldest(ILogger logger, long count, string limit);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The archive needs {Size} MiB, more than the {Limit} MiB of --keep-size; what is left is pinned or new"
    )]
    private static partial void LogStillTooLarge(ILogger logger, string size, string limit);

    [LoggerMessage(Level = LogLevel.Error, Message = "Old traces were not deleted; trying again in {Interval}")]
    private static partial void LogFailed(ILogger logger, Exception failure, TimeSpan interval);
}
