using DhtTracer.Analysis.Alarms;
using DhtTracer.Storage;
using DhtTracer.Storage.Alarms;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Web.Alarms;

/// <summary>Watches each hour some minutes after its end, and sends the alarms that it raises and ends.</summary>
/// <param name="store">The archive.</param>
/// <param name="webhooks">Where alarms are sent.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Gets failures.</param>
public sealed partial class AlarmWatch(TraceStore store, AlarmWebhooks webhooks, TimeProvider clock, ILogger<AlarmWatch> logger)
    : BackgroundService
{
    /// <summary>How long after its end an hour is watched: spans come late, and traces wait until they are quiet.</summary>
    public static TimeSpan Settling { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Hours that are watched late at most, after the process did not run.</summary>
    public const int MostLate = 24;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private ulong _last;

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    public string? Problem { get; private set; }

    /// <summary>Watches the hours that are due.</summary>
    /// <exception cref="DatabaseException">The archive does not answer.</exception>
    /// <exception cref="StoreOverloadedException">Too much waits for the archive's writer.</exception>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        var due = Hour(clock.GetUtcNow() - Settling - TimeSpan.FromHours(1));
        if (due == _last)
        {
            return;
        }

        var earliest = due - Math.Min(due, (MostLate - 1) * HourSums.LengthNs);
        var week = due - Math.Min(due, HourWatch.HoursOfRate * HourSums.LengthNs);
        var watched = (await store.ReadWatchAsync(week, cancellationToken)).Hours;

        // An archive that was not watched for a week begins with the present.
        var next = watched.Count == 0 ? due : Math.Max(earliest, watched[^1].StartUnixNano + HourSums.LengthNs);
        for (; next <= due; next += HourSums.LengthNs)
        {
            if (await HourReading.WatchAsync(store, next, cancellationToken) is { } changes)
            {
                webhooks.Send(WebhookMessage.Of(changes));
                if (changes.Raised.Length + changes.Ended.Length > 0)
                {
                    LogWatched(logger, changes.Raised.Length, changes.Ended.Length, changes.Going.Length + changes.Raised.Length);
                }
            }
        }

        _last = due;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            try
            {
                await WatchAsync(stoppingToken);
                Problem = null;
            }
            catch (Exception failure) when (failure is DatabaseException or StoreOverloadedException or InvalidDataException)
            {
                Problem = failure.Message;
                LogFailed(logger, failure, Interval);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static ulong Hour(DateTimeOffset time) =>
        time <= DateTimeOffset.UnixEpoch ? 0 : (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100 / HourSums.LengthNs * HourSums.LengthNs;

    [LoggerMessage(Level = LogLevel.Information, Message = "Alarms: {Raised} raised, {Ended} ended, {Open} open")]
    private static partial void LogWatched(ILogger logger, int raised, int ended, int open);

    [LoggerMessage(Level = LogLevel.Error, Message = "The hour was not watched for alarms; trying again in {Interval}")]
    private static partial void LogFailed(ILogger logger, Exception failure, TimeSpan interval);
}
